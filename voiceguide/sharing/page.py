"""Recordings -> the page a phone opens: what can be heard, and how long it is."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape

from voiceguide.durations import clock
from voiceguide.feed import NAME, Recording, address


def page(recordings: Sequence[Recording], url: str, title: str) -> str:
    """Give the page's HTML; it needs nothing from elsewhere, and no script."""
    rows = "\n".join(_row(recording, url) for recording in recordings)
    return _FRAME.format(title=escape(title), style=_STYLE, rows=rows, feed=escape(address(url, NAME)))


def _row(recording: Recording, url: str) -> str:
    where = escape(address(url, recording.path.name))
    cover = f'<img src="{escape(address(url, recording.cover.name))}" alt="">' if recording.cover else ""
    language = f' lang="{escape(recording.language)}"' if recording.language else ""
    title = f"<b{language}>{escape(recording.title)}</b>"
    time = f'<span class="time">{clock(recording.length)}</span>'
    save = f'<a class="save" href="{where}" download aria-label="Save {escape(recording.title)}">Save</a>'
    return f'<li><a class="play" href="{where}">{cover}<span>{title} {time}</span></a>{save}</li>'


_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 34rem; margin: 0 auto; padding: 1rem; font: 1.1rem/1.4 system-ui, sans-serif; }
h1 { font-size: 1.5rem; }
ul { padding: 0; list-style: none; }
li { display: flex; align-items: center; margin: 0 0 0.8rem; border: 1px solid #8886; border-radius: 0.8rem; }
a { color: inherit; }
.play { display: flex; flex: 1; align-items: center; gap: 0.9rem; min-width: 0; padding: 0.6rem; }
.play { text-decoration: none; }
.play span { min-width: 0; overflow-wrap: anywhere; }
.time::before { content: "▶ " / ""; }
.time { display: block; opacity: 0.75; font-variant-numeric: tabular-nums; }
.save { padding: 1.4rem 1rem; }
img { flex: none; width: 4.5rem; height: 4.5rem; border-radius: 0.5rem; }
"""
_FRAME = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<ul>
{rows}
</ul>
<p><a href="{feed}">As a feed for a podcast app</a>, with chapters and words.</p>
</main>
</body>
</html>
"""
POLICY = (
    f"default-src 'none'; img-src 'self'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What browsers may do with the page (Content Security Policy): show covers, and this one style."""
