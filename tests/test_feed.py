"""A podcast of a folder, read by the parser of a podcast player, and by checks written from the formats' own pages."""

import io
import json
import os
import resource
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import podcastparser
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying
from test_captions import read_vtt

from voiceguide import Job, OutputError, render
from voiceguide.audiofile import Label, id3_tag
from voiceguide.audiofile.promise import Event, Promise, promise_to_json
from voiceguide.cli import main
from voiceguide.durations import Ms
from voiceguide.feed import base_address, feed_xml, find_recordings, write_feed
from voiceguide.timeline import Chapter

BASE = "https://example.org/my%20sessions/"
NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
}
OTHER_NAMESPACE = b"https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
COVER = b"\x89PNG\r\n\x1a\n" + bytes(900)
SOUND = b"\xff\xfb\x90\x64" + bytes(40_000)
PROMISE = Promise(
    title="Ten minutes",
    length=Ms(600_400),
    chapters=(
        Chapter(title="Arriving", start=Ms(0), end=Ms(62_500)),
        Chapter(title="Salt < pepper & --> more", start=Ms(62_500), end=Ms(600_400)),
    ),
    events=(
        Event(kind="say", start=Ms(1_000), length=Ms(2_500), file="ten.md", line=3, text="Welcome & <rest>."),
        Event(kind="silence", start=Ms(3_500), length=Ms(60_000), file="ten.md", line=4),
        Event(kind="say", start=Ms(63_500), length=Ms(900), file="ten.md", line=5, text="Come back."),
    ),
)


def put(path: Path, promise: Promise = PROMISE, *, language: str = "en", cover: bytes = COVER, day: int = 1) -> Path:
    """Write what stands in an MP3 before its sound, and something in its place."""
    label = Label(
        title=promise.title, language=language, chapters=promise.chapters, words="", length=promise.length,
        software="test", cover=cover, plan=promise_to_json(promise),
    )  # fmt: skip
    path.write_bytes(id3_tag(label) + SOUND)
    os.utime(path, (day * 86_400, day * 86_400))
    return path


def titled(title: str, **changes: Any) -> Promise:  # noqa: ANN401  -- any of its fields
    return replace(PROMISE, title=title, **changes)


def parsed(feed: bytes) -> dict[str, Any]:
    """Read it as gPodder does, which knows the podcast namespace by the other of the two names that it has."""
    feed = feed.replace(NAMESPACES["podcast"].encode(), OTHER_NAMESPACE)
    read: dict[str, Any] = podcastparser.parse(f"{BASE}feed.xml", io.BytesIO(feed))
    return read


def written(folder: Path, address: str) -> Path:
    """Find the file that an address in the feed means."""
    assert address.startswith(BASE)
    return folder / unquote(address.removeprefix(BASE))


def read_chapters(body: bytes) -> list[tuple[float, str]]:
    """As the podcast namespace's JSON Chapters Format 1.2 allows, and no more."""
    data = json.loads(body)
    assert isinstance(data["version"], str)
    kinds = {"version": str, "chapters": list, "title": str, "fileName": str, "author": str, "podcastName": str}
    assert all(isinstance(value, kinds[name]) for name, value in data.items())
    starts = [chapter["startTime"] for chapter in data["chapters"]]
    assert starts == sorted(starts)
    of_chapter: dict[str, type | tuple[type, ...]] = {
        "startTime": (int, float), "endTime": (int, float), "title": str, "img": str, "url": str, "toc": bool,
    }  # fmt: skip
    for chapter in data["chapters"]:
        assert all(isinstance(value, of_chapter[name]) for name, value in chapter.items())
        assert 0 <= chapter["startTime"] < chapter["endTime"]
    return [(chapter["startTime"], chapter["title"]) for chapter in data["chapters"]]


def test_a_podcast_player_reads_what_the_tags_say(tmp_path: Path) -> None:
    put(tmp_path / "ten.mp3", day=20)
    put(tmp_path / "zehn.mp3", titled("Zehn Minuten"), language="de-AT", day=30)
    out = write_feed(find_recordings(tmp_path), BASE, title="Ours & theirs")
    read = parsed(out.read_bytes())
    assert (read["title"], read["link"], read["explicit"]) == ("Ours & theirs", BASE, False)
    assert [episode["title"] for episode in read["episodes"]] == ["Zehn Minuten", "Ten minutes"]
    ten = read["episodes"][1]
    sound = tmp_path / "ten.mp3"
    assert ten["enclosures"] == [
        {"url": f"{BASE}ten.mp3", "file_size": sound.stat().st_size, "mime_type": "audio/mpeg"}
    ]
    assert (ten["total_time"], ten["published"]) == (600, 20 * 86_400)
    assert "1:02 Salt &lt; pepper &amp; --&gt; more" in ten["description_html"]
    assert written(tmp_path, ten["episode_art_url"]).read_bytes() == COVER
    assert read["cover_url"] == f"{BASE}zehn.cover.png"


def test_chapters_and_transcripts_are_as_their_formats_want_them(tmp_path: Path) -> None:
    put(tmp_path / "ten.mp3")
    (episode,) = parsed(write_feed(find_recordings(tmp_path), BASE, title="").read_bytes())["episodes"]
    chapters = written(tmp_path, episode["chapters_json_url"]).read_bytes()
    assert read_chapters(chapters) == [(0, "Arriving"), (62.5, "Salt < pepper & --> more")]
    words = written(tmp_path, episode["transcript_url"]).read_text(encoding="utf-8")
    assert list(read_vtt(words)) == [(1000, 3500, "Welcome & <rest>."), (63_500, 64_400, "Come back.")]


def test_the_tags_of_the_namespaces_are_as_they_should_be(tmp_path: Path) -> None:
    put(tmp_path / "ten.mp3", language="fr")
    feed = ET.fromstring(feed_xml(find_recordings(tmp_path).recordings, BASE, title="T"))
    for wanted in ("title", "link", "description", "language", "itunes:explicit", "itunes:category", "itunes:image"):
        assert len(feed.findall(f"channel/{wanted}", NAMESPACES)) == 1, wanted
    assert feed.findtext("channel/language") == "fr"
    (link,) = feed.findall("channel/atom:link", NAMESPACES)
    assert link.attrib == {"rel": "self", "type": "application/rss+xml", "href": f"{BASE}feed.xml"}
    (words,) = feed.findall("channel/item/podcast:transcript", NAMESPACES)
    assert words.attrib == {"url": f"{BASE}ten.vtt", "type": "text/vtt", "rel": "captions", "language": "fr"}
    (chapters,) = feed.findall("channel/item/podcast:chapters", NAMESPACES)
    assert chapters.attrib == {"url": f"{BASE}ten.chapters.json", "type": "application/json+chapters"}
    (guid,) = feed.findall("channel/item/guid")
    assert guid.get("isPermaLink") == "false"
    assert parsedate_to_datetime(feed.findtext("channel/item/pubDate") or "").timestamp() == 86_400


def test_the_feed_s_own_identity_follows_the_namespace_s_example(tmp_path: Path) -> None:
    put(tmp_path / "ten.mp3")
    from voiceguide.feed import _feed_guid

    assert _feed_guid("https://podnews.net/rss/") == "9b024349-ccf0-5f69-a609-6b82873eab3c"
    assert _feed_guid("http://mp3s.nashownotes.com/pc20rss.xml") == "917393e3-1b1e-5cef-ace4-edaa54e1f810"


def test_a_recording_as_it_is_made_has_the_captions_and_chapters_that_render_gives(tmp_path: Path, kept: Path) -> None:
    script = tmp_path / "one.md"
    script.write_text(
        "---\ntitle: 'One: \"two\"'\n---\n# First\n[safety] You can stop & rest.\n[pause 2s]\n# Second\nThat is all.\n",
        encoding="utf-8",
    )
    made = render(Job(script=script, voice="tone", out=tmp_path / "one.mp3", captions=("vtt",)))
    (captions,) = made.captions
    (recording,) = find_recordings(tmp_path).recordings
    assert (recording.title, recording.language, recording.length) == ('One: "two"', "en", made.length)
    assert recording.chapters == made.chapters
    assert recording.words is not None
    assert recording.words.name == captions.name
    assert recording.words.body == captions.read_bytes()
    assert recording.cover is not None
    assert recording.cover.body.startswith(b"\x89PNG")


def test_an_identity_is_that_of_the_session_and_not_of_the_file(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    put(one / "ten.mp3", day=1)
    put(other / "renamed.mp3", day=99)
    put(other / "eleven.mp3", titled("Eleven minutes"), day=2)
    (ten,), (renamed, eleven) = find_recordings(one).recordings, find_recordings(other).recordings
    assert ten.identity == renamed.identity != eleven.identity


def test_a_second_copy_is_left_out_and_so_is_what_has_no_plan(tmp_path: Path) -> None:
    put(tmp_path / "a.mp3")
    put(tmp_path / "b.MP3")
    (tmp_path / "music.mp3").write_bytes(SOUND)
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "linked.mp3").symlink_to(tmp_path / "a.mp3")
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "notes.txt").write_text("private")
    found = find_recordings(tmp_path)
    assert [one.path.name for one in found.recordings] == ["a.mp3"]
    assert {one.path.name: one.why.partition(":")[0] for one in found.left_out} == {
        "b.MP3": "it is the same recording as a.mp3",
        "music.mp3": "it carries no plan",
        "empty.mp3": "it carries no plan",
    }


@pytest.mark.parametrize(
    "plan",
    [
        b"{}", b"[]", b"[" * 5000, b"\xff", b'{"version": 99}',
        b'{"version":2,"title":"T","length":"x","chapters":[],"events":[]}',
        b'{"version":2,"title":"T","length":9,"chapters":[{"title":"C","start":"x","end":[]}],"events":[]}',
        b'{"version":2,"title":"T","length":9,"chapters":[{"title":"C","start":-1,"end":9}],"events":[]}',
        b'{"version":2,"title":"T","length":1e400,"chapters":[],"events":[]}',
        b'{"version":2,"title":"T","length":9,"chapters":[],"events":[{"kind":"say","start":0,"length":1,"text":7}]}',
    ],
)  # fmt: skip
def test_a_plan_that_is_none_is_left_out_with_its_reason(tmp_path: Path, plan: bytes) -> None:
    put(tmp_path / "good.mp3")
    label = Label(title="T", language="en", chapters=(), words="", length=Ms(9), software="", plan=plan)
    (tmp_path / "bad.mp3").write_bytes(id3_tag(label) + SOUND)
    found = find_recordings(tmp_path)
    assert [one.path.name for one in found.recordings] == ["good.mp3"]
    assert [one.path.name for one in found.left_out] == ["bad.mp3"]
    assert found.left_out[0].why


@trying(60)
@given(st.text(st.characters() | st.sampled_from("<>&\"'\0\x1f\x85\u2028\ud800\ufffe]]>")))
def test_any_title_is_text_in_the_feed(tmp_path_factory: pytest.TempPathFactory, title: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    plan = json.dumps({"version": 2, "title": title, "length": 9, "chapters": [], "events": []}).encode()
    label = Label(title="", language="en", chapters=(), words="", length=Ms(9), software="", plan=plan)
    (folder / "any.mp3").write_bytes(id3_tag(label))
    feed = ET.fromstring(feed_xml(find_recordings(folder).recordings, BASE, title=title))
    shown = feed.findtext("channel/item/title")
    kept = "".join(char for char in title if char.isprintable() or char.isspace() or char > "\x9f")
    assert shown is not None
    assert set(shown) <= set(kept) | set(" any") | set(map(chr, range(0x7F, 0xA0)))
    assert [child.tag for child in feed.iter() if child.tag in {"script", "b"}] == []
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["in the evening", "für Ana", "50% #1?", "a&b'c", "..", "-", "\udcff"])
def test_any_name_of_a_file_has_an_address_that_leads_back_to_it(tmp_path: Path, name: str) -> None:
    try:
        put(tmp_path / f"{name}.mp3")
    except OSError:
        pytest.skip("this system has no such names")
    out = write_feed(find_recordings(tmp_path), "http://example.org", title="T")
    (episode,) = parsed(out.read_bytes())["episodes"]
    addresses = [episode["enclosures"][0]["url"], episode["transcript_url"], episode["chapters_json_url"]]
    for address, ending in zip(addresses, ("mp3", "vtt", "chapters.json"), strict=True):
        parts = urlsplit(address)
        assert parts.netloc == "example.org"
        assert not parts.query + parts.fragment
        assert (tmp_path / os.fsdecode(unquote(parts.path, errors="surrogateescape")[1:])).is_file()
        assert unquote(parts.path, errors="surrogateescape") == f"/{name}.{ending}"


def test_a_recording_without_chapters_words_or_cover_has_none_beside_it(tmp_path: Path) -> None:
    put(tmp_path / "bare.mp3", titled("Bare", chapters=(), events=()), cover=b"", language="xx")
    out = write_feed(find_recordings(tmp_path), BASE, title="T")
    assert {path.name for path in tmp_path.iterdir()} == {"bare.mp3", "feed.xml"}
    (episode,) = parsed(out.read_bytes())["episodes"]
    assert not {"chapters_json_url", "transcript_url", "episode_art_url"} & {key for key, url in episode.items() if url}
    assert ET.fromstring(out.read_bytes()).findtext("channel/language") == "en"


def test_writing_again_touches_only_what_is_new(tmp_path: Path) -> None:
    def moments() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    put(tmp_path / "ten.mp3")
    write_feed(find_recordings(tmp_path), BASE, title="T")
    before = moments()
    write_feed(find_recordings(tmp_path), BASE, title="T")
    assert moments() == before
    put(tmp_path / "eleven.mp3", titled("Eleven minutes"))
    write_feed(find_recordings(tmp_path), BASE, title="T")
    changed = {name for name, moment in moments().items() if before.get(name) != moment}
    assert changed == {"feed.xml", "eleven.mp3", "eleven.vtt", "eleven.chapters.json", "eleven.cover.png"}


def test_where_one_file_can_t_be_written_none_is(tmp_path: Path) -> None:
    put(tmp_path / "ten.mp3", cover=COVER + bytes(100_000))
    put(tmp_path / "eleven.mp3", titled("Eleven minutes"))
    found = find_recordings(tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
    try:
        with pytest.raises(OutputError, match="can't be written: File too large"):
            write_feed(found, BASE, title="T")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert {path.name for path in tmp_path.iterdir()} == {"ten.mp3", "eleven.mp3"}


@pytest.mark.parametrize(
    ("given_one", "address"),
    [
        ("https://example.org", "https://example.org/"),
        ("https://example.org/a b/ü", "https://example.org/a%20b/%C3%BC/"),
        ("http://[::1]:8000/a%20b/", "http://[::1]:8000/a%20b/"),
    ],
)
def test_an_address_is_that_of_a_folder(given_one: str, address: str) -> None:
    assert base_address(given_one) == address


@pytest.mark.parametrize(
    "text",
    ["", "example.org", "ftp://example.org/", "https://", "https://a/?b", "https://a/#b", "file:///a", "http://[::"],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(OutputError, match="is not the address of a folder") as caught:
        base_address(text)
    assert "https://example.org/sessions/" in str(caught.value.hint)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["feed", *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def test_the_command_writes_the_feed_and_says_what_it_left_out(tmp_path: Path) -> None:
    put(tmp_path / "ten.mp3")
    (tmp_path / "music.mp3").write_bytes(SOUND)
    status, said = run(str(tmp_path), "--url", BASE)
    assert status == 0
    assert said.splitlines() == [
        str(tmp_path / "feed.xml"), "  1 recording",
        "  left out: music.mp3: it carries no plan: it was not made by voiceguide",
    ]  # fmt: skip
    status, said = run(str(tmp_path), "--url", BASE, "--json")
    told = json.loads(said)
    assert told["recordings"][0]["milliseconds"] == 600_400
    assert [one["path"] for one in told["left_out"]] == [str(tmp_path / "music.mp3")]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "there is no folder"),
        (Path.mkdir, "there is no recording in"),
        (Path.touch, "there is no folder"),
    ],
)
def test_a_folder_without_recordings_is_told(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path / "here")
    status, output = run(str(tmp_path / "here"), "--url", BASE)
    assert (status, said in output) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("--share", "--url", BASE)])
def test_it_is_either_a_feed_or_shared(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    put(tmp_path / "ten.mp3")
    status, output = run(str(tmp_path), *arguments)
    assert status == 2
    assert "one of them" in output
