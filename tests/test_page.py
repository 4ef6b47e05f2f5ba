"""The page to print: what it says, read back as a browser would."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from voiceguide import Job, OutputError, plan
from voiceguide.cli import main
from voiceguide.cues import Say, Silence
from voiceguide.durations import Ms, clock
from voiceguide.page import check_page, page, write_page
from voiceguide.render import Plan

SCRIPT = """\
---
title: Five <b>soft</b> minutes & more
summary: '"Quiet" </style><script>alert(1)</script>'
language: en-GB
params:
  name: ""
---
# Arriving < slowly
[bed rain]
Welcome, {{ name }}.
[pause 700ms]
[chime bowl 3 times every 5s]
[rest 84s]
# Going & coming
[safety] Take the mat away.
[bed off over 9s]
[at halfway] You are halfway.
[for 6s] And rest.
"""
VOID = {"meta", "br", "img", "link", "hr"}


class Read(HTMLParser):
    """The page's elements as nested, and its rows as text; raises for a tag that closes nothing."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open[-1:]:
            self.texts.setdefault(tag, []).append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture
def planned(tmp_path: Path, kept: Path) -> Plan:
    script = tmp_path / "five.md"
    script.write_text(SCRIPT, encoding="utf-8")
    return plan(Job(script=script, voice="tone", values={"name": 'Ana <3 & "Ben"'}, lead_in=Ms(30_000)))


def test_the_page_has_every_line_in_order_with_its_time(planned: Plan) -> None:
    rows = [row for row in Read(page(planned)).rows if row != ["Time", "What is heard"]]
    expected = [
        (clock(event.start), event.cue.utterance.text)
        for event in planned.timeline.events
        if isinstance(event.cue, Say)
    ]
    said = [(time, text.removeprefix("For safety: ")) for time, text in rows]
    assert [row for row in said if row in expected] == expected
    assert [text for _, text in rows if text.startswith("For safety")] == ["For safety: Take the mat away."]
    others = [text for _, text in said if text not in {text for _, text in expected}]
    assert others[:3] == [
        "≈ rain in the background, 22 dB under the voice",
        "silence, 0.7 s",
        "♪ bowl, 3 times every 5 s",
    ]
    assert others[3] == "silence, 1 min 24 s"
    assert "≈ the background ends, over 9 s" in others
    shown = [event for event in planned.timeline.events if getattr(event.cue, "kind", "") != "gap" and event.length]
    assert [time for time, _ in rows] == [clock(event.start) for event in shown]
    assert sum(isinstance(event.cue, Silence) for event in shown) == sum(text.startswith("silence") for text in others)


def test_what_a_script_says_is_text_and_never_markup(planned: Plan) -> None:
    html = page(planned)
    read = Read(html)
    assert {tag for tag, _ in read.tags} == {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "section", "table", "thead", "tbody",
        "tr", "th", "td", "span",
    }  # fmt: skip
    assert read.texts["h1"] == ["Five <b>soft</b> minutes & more"] == read.texts["title"]
    assert read.texts["p"][0] == '"Quiet" </style><script>alert(1)</script>'
    assert [text.strip() for text in read.texts["h2"]] == ["Arriving < slowly", "Going & coming"]
    assert any('Welcome, Ana <3 & "Ben".' in row for row in read.rows)
    assert html.count("<style>") == 1


def test_the_page_can_be_read_out_and_needs_no_other_file(planned: Plan) -> None:
    read = Read(page(planned))
    attributes = dict(read.tags)
    assert attributes["html"] == {"lang": "en-GB"}
    headers = [attrs for tag, attrs in read.tags if tag == "th"]
    assert headers == [{"scope": "col"}] * 4
    assert not {name for _, attrs in read.tags for name in attrs} & {"src", "href", "style", "onclick"}
    text = " ".join(read.texts["p"])
    assert (
        f"{clock(planned.timeline.length)} long, 30 s of it to lie down. A bar marks what is said for safety." in text
    )


def test_a_script_without_chapters_is_one_table(tmp_path: Path) -> None:
    script = tmp_path / "plain.md"
    script.write_text("---\ntitle: T\n---\nOne.\n[pause 2s]\nTwo.\n", encoding="utf-8")
    read = Read(page(plan(Job(script=script, voice="tone"))))
    assert [tag for tag, _ in read.tags if tag in {"h2", "table"}] == ["table"]
    assert [text for _, text in read.rows] == ["What is heard", "One.", "silence, 2 s", "Two."]


def test_a_page_is_written_whole_and_only_as_a_page(planned: Plan, tmp_path: Path) -> None:
    out = tmp_path / "new" / "five.html"
    check_page(out)
    assert not out.parent.exists()
    write_page(planned, out)
    assert out.read_text(encoding="utf-8") == page(planned)
    assert [path.name for path in out.parent.iterdir()] == ["five.html"]
    with pytest.raises(OutputError) as refused:
        check_page(tmp_path / "five.md")  # which is the script
    assert (refused.value.message, refused.value.hint) == (
        f"'{tmp_path / 'five.md'}' is not the name of a web page",
        f"write {tmp_path / 'five.html'}",
    )


def test_show_writes_the_page_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.md").write_text("---\ntitle: T\n---\nOne.\n", encoding="utf-8")
    run = CliRunner().invoke(main, ["show", "mine.md", "--voice", "tone", "--html", "out.html"])
    assert (run.exit_code, run.stdout) == (0, "out.html\n")
    assert "One." in Path("out.html").read_text(encoding="utf-8")
    refused = CliRunner().invoke(main, ["show", "mine.md", "--voice", "tone", "--html", "mine.md"])
    assert refused.exit_code == 1
    assert "write mine.html" in refused.stderr
