"""The language, case by case: `cases/*.md` hold a title, a script, and the cues or errors it must come to.

A case is a title, settings if it needs any (`-p name=Ana`, `--length 8m`, `--seed 1`, `part safety = Stop.`, `places`,
`whole`), and between lines of one dot the script and what is expected. A script without front matter is given a title
of its own, and its lines are counted without it, unless it is `whole`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying

from voiceguide.cues import Bed, Chime, Cue, Mark, Moment, Say, Silence, Slot, opened, read_cues, without_chimes
from voiceguide.cues.sentences import sentences
from voiceguide.durations import Ms, parse_duration, written
from voiceguide.errors import Place, SeveralErrors, VoiceguideError
from voiceguide.script import Known, expand, plain, read_script

CASES = Path(__file__).parent / "cases"
KNOWN = Known(
    chimes={"bowl", "bell", "singing bowl", "tingsha"},
    voices={"heart", "gmw/de", "Anna the second"},
    beds={"ocean", "rain", "brown noise"},
    recordings={"hello.wav", "hello", "voice/good night.m4a"},
)
TITLE = "---\ntitle: Test\n---\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    """File, line and title."""
    settings: tuple[str, ...]
    script: str
    expected: str

    def given(self) -> Mapping[str, str]:
        pairs = (setting.removeprefix("-p ").split("=", 1) for setting in self.settings if setting.startswith("-p "))
        return {name: unescaped(value) for name, value in pairs}

    def target(self) -> Ms | None:
        lengths = [setting.split()[1] for setting in self.settings if setting.startswith("--length ")]
        return parse_duration(lengths[0]) if lengths else None

    def seed(self) -> int:
        return next((int(setting.split()[1]) for setting in self.settings if setting.startswith("--seed ")), 0)

    def parts(self) -> Iterator[tuple[str, str]]:
        for setting in self.settings:
            if match := re.fullmatch(r"part (\S+) = (.*)", setting):
                yield match[1], match[2].replace("\\n", "\n")


def unescaped(text: str) -> str:
    """Put characters that can't be seen where `\\u{1b}` stands."""
    return re.sub(r"\\u\{(\w+)\}", lambda code: chr(int(code[1], 16)), text)


def read_cases() -> list[Case]:
    return [case for path in sorted(CASES.glob("*.md")) for case in cases_in(path)]


def cases_in(path: Path) -> Iterator[Case]:
    text = path.read_text(encoding="utf-8")
    for match in _CASE.finditer(text):
        title, settings, script, expected = match.groups()
        name = f"{path.name}:{text.count(chr(10), 0, match.start()) + 1} {title}"
        yield Case(name=name, settings=tuple(settings.splitlines()), script=script, expected=expected)


_CASE = re.compile(r"^(\S.*)\n((?:\S.*\n)*?)\.\n((?:.*\n)*?)\.\n((?:.*\n)*?)\.$", re.MULTILINE)


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name.replace("[", "(").replace("]", ")"))
def test_case(case: Case, tmp_path: Path) -> None:
    assert outcome(case, tmp_path) == case.expected


def test_no_case_is_overlooked() -> None:
    dots = sum(len(re.findall(r"^\.$", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in CASES.glob("*.md"))
    assert dots == 3 * len(read_cases())
    assert len(read_cases()) >= 110


def outcome(case: Case, folder: Path) -> str:
    """Give what a case comes to, in the form it is written in."""
    added = 0 if case.script.startswith("---") or "whole" in case.settings else TITLE.count("\n")
    path = folder / "script.md"
    path.write_text((TITLE if added else "") + unescaped(case.script), encoding="utf-8")
    for name, text in case.parts():
        part = folder / "_parts" / f"{name}.md"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
    try:
        script = expand(read_script(path, KNOWN), case.given(), case.target(), KNOWN, seed=case.seed())
        cues = read_cues(script, KNOWN)
    except SeveralErrors as several:
        return "".join(shown_error(error, folder, added) for error in several.errors)
    except VoiceguideError as error:
        return shown_error(error, folder, added)
    places = (folder, added) if "places" in case.settings else None
    return "".join(f"{line}\n" for cue in cues for line in shown(cue, places))


def shown_error(error: VoiceguideError, folder: Path, added: int) -> str:
    lines = error.explain().replace(f"{folder}/", "").splitlines()
    if error.at is None:
        return "".join(f"{line}\n" for line in lines)
    where = f"{Path(error.at.path).name}:{line_of(error.at, added)}"
    return "".join(f"{line}\n" for line in (lines[0], f"  {where}", *(line[8:] for line in lines[2:])))


def line_of(at: Place, added: int) -> int:
    return at.line - added if at.path.endswith("script.md") else at.line


def shown(cue: Cue, places: tuple[Path, int] | None) -> Iterator[str]:
    where = ""
    if places:
        where = f" @ {Path(cue.at.path).name}:{line_of(cue.at, places[1])}:{cue.at.column}+{cue.at.width}"
        where += f" gave '{cue.at.gave}'" if cue.at.gave is not None else ""
    match cue:
        case Say():
            yield shown_say(cue) + where
        case Silence():
            yield f"{cue.kind} {shown_bounds(cue)}{where}"
            if cue.interval:
                yield f"  every {written(cue.interval.every)} {shown_chime(cue.interval.chime)}"
        case Chime():
            yield shown_chime(cue) + where
        case Mark():
            yield f'chapter "{cue.title}"{where}'
        case Slot():
            yield f"slot {shown_bounds(cue)}{where}"
            yield from (f"  {line}" for inner in cue.cues for line in shown(inner, places))
        case Moment():
            yield f"{shown_moment(cue)}{where}"
            yield from (f"  {line}" for inner in cue.cues for line in shown(inner, places))
        case Bed():
            yield shown_bed(cue) + where
        case _:
            assert_never(cue)


def shown_say(cue: Say) -> str:
    said = cue.utterance
    more = [] if said.language == "en" else [f"in {said.language}"]
    more += [] if said.voice is None else [f"by {said.voice}"]
    more += [] if said.rate == 115 else [f"at {said.rate}"]
    more += ["for safety"] if cue.safety else []
    more += [] if said.recording is None else [f"recorded in {said.recording}"]
    return " ".join([f'say "{said.text}"', *more])


def shown_bounds(cue: Silence | Slot) -> str:
    least, most = cue.least, cue.most
    bounds = "" if least == cue.natural == most else f" ({written(least)} to {written(most)})"
    return written(cue.natural) + bounds


def shown_chime(cue: Chime) -> str:
    more = [] if cue.times == 1 else [f"{cue.times} times every {written(cue.every)}"]
    more += [] if cue.gain_db == 0 else [f"at {cue.gain_db:g}dB"]
    more += [] if cue.wait is None else [f"wait {written(cue.wait)}"]
    return " ".join([f"chime {cue.sound}", *more])


def shown_moment(cue: Moment) -> str:
    when = "halfway" if cue.left is None else f"{written(cue.left)} left"
    return f"at {when}, {written(cue.apart)} apart"


def shown_bed(cue: Bed) -> str:
    level = f" at {cue.level_db:g}dB" if cue.sound is not None else ""
    return f"bed {cue.sound or 'off'}{level} over {written(cue.fade)}"


# --- properties ---------------------------------------------------------------------------------------------------

PIECES = (
    *"[]#*\\{}%|()-.:\"'<>`~_ \n\t01aZäé",
    "[at halfway] ", "[at 3m left] ", "[quiet 20m, chime bowl every 5m]",
    "[pause 4s]", "[for 4s] ", "[chime bowl]", "[bed rain]", "[bed off]", "[safety] ", "{{ ", " }}",
    "[play hello.wav] ", "{% if ", "{% set a = ", "{% raw %}", "{%- ", " %}", "{# ",
    "\n\n", "# ", "name", "range(9)", "params: ", "minutes: 3", "text", " | upper", "e: 5s", "null",
    "- ", "!!str ", "&a ",
)  # fmt: skip
SCRIPTY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def said(script: Path, values: Mapping[str, str]) -> list[str]:
    cues = read_cues(expand(read_script(script, KNOWN), values, None, KNOWN), KNOWN)
    assert all(isinstance(cue, Say | Silence) and getattr(cue, "kind", "gap") == "gap" for cue in cues)
    return [cue.utterance.text for cue in cues if isinstance(cue, Say)]


@trying(50)
@given(value=st.one_of(SCRIPTY, st.text(max_size=40)))
def test_a_text_value_never_forms_a_cue(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = tmp_path_factory.mktemp("value") / "script.md"
    script.write_text(
        '---\ntitle: T\nparams: {name: ""}\n---\nHello {{ name }} there.\n{{ name | upper }}\nBye.\n', encoding="utf-8"
    )
    try:
        texts = said(script, {"name": value})
    except VoiceguideError:
        return
    assert texts[0].startswith("Hello")
    assert texts[-1] == "Bye."


@trying(50)
@given(body=SCRIPTY, front=SCRIPTY)
def test_any_script_is_read_or_refused_in_words(
    body: str, front: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("any") / "script.md"
    for head in (TITLE, f"---\ntitle: T\nsummary: {front}\n---\n", f"---\n{front}\n---\n"):
        script.write_text(head + body, encoding="utf-8")
        try:
            cues = read_cues(expand(read_script(script, KNOWN), {}, None, KNOWN), KNOWN)
        except VoiceguideError as error:
            assert error.explain()  # noqa: PT017  -- either is fine, but no other exception
        else:
            assert not re.search(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]", repr(cues))


WORDS = st.lists(
    st.sampled_from(["Rest", "now", "the", "left", "side", "breathe", "in", "warm", "été", "Übung"]),
    min_size=1,
    max_size=6,
)


@trying(40)
@given(lines=st.lists(WORDS.map(" ".join), min_size=1, max_size=8), indent=st.integers(0, 3), turns=st.integers(1, 3))
def test_every_sentence_points_at_its_text(
    lines: list[str], indent: int, turns: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = [f"{' ' * indent}{line.capitalize()}. {{# note #}}Then rest." for line in lines]
    body = [f"{{% for turn in range({turns}) %}}", *body, "{% endfor %}"]
    script = tmp_path_factory.mktemp("places") / "script.md"
    script.write_text(TITLE + "\n".join(body) + "\n", encoding="utf-8")
    source = script.read_text(encoding="utf-8").splitlines()
    for cue in read_cues(expand(read_script(script, KNOWN), {}, None, KNOWN), KNOWN):
        if isinstance(cue, Say):
            under = source[cue.at.line - 1][cue.at.column - 1 : cue.at.column - 1 + cue.at.width]
            assert under == cue.utterance.text
            assert cue.at.source == source[cue.at.line - 1]


@given(text=st.text("AbcÄ.!?…\"')( 1235", max_size=80), language=st.sampled_from(["en", "it", "de", "fr", "es", "sv"]))
def test_sentences_lose_nothing_but_space(text: str, language: str) -> None:
    spans = sentences(text, language)
    assert "".join(text[start:end] for start, end in spans).split() == text.split() or (
        "".join("".join(text[start:end] for start, end in spans).split()) == "".join(text.split())
    )
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_stand_ins_never_reach_an_utterance(tmp_path: Path) -> None:
    script = tmp_path / "script.md"
    script.write_text('---\ntitle: T\nparams: {name: ""}\n---\nHello {{ name }}.\n', encoding="utf-8")
    assert said(script, {"name": r"[a] #b *c* \d"}) == [r"Hello [a] #b *c* \d."]
    assert plain("untouched") == "untouched"


# --- all cues of a script -----------------------------------------------------------------------------------------


def cues_of(text: str, folder: Path) -> tuple[Cue, ...]:
    (folder / "script.md").write_text(TITLE + text, encoding="utf-8")
    return read_cues(expand(read_script(folder / "script.md", KNOWN), {}, None, KNOWN), KNOWN)


ALL_HOLDING_CHIMES = """\
[at halfway] Halfway. [chime bell]
[at 3m left] [chime bell]
# One
[chime bowl]
One.
# Two
Two.
[quiet 20m, chime tingsha every 5m]
[for 20s] [chime bowl] Three.
[chime bowl]
"""


def test_lines_and_silences_can_be_opened(tmp_path: Path) -> None:
    cues = list(opened(cues_of(ALL_HOLDING_CHIMES, tmp_path)))
    assert [cue.sound for cue in cues if isinstance(cue, Chime)] == [
        "bell", "bell", "bowl", "tingsha", "bowl", "bowl"
    ]  # fmt: skip
    assert [cue.utterance.text for cue in cues if isinstance(cue, Say)] == ["Halfway.", "One.", "Two.", "Three."]


def test_no_chime_is_left_from_a_cue_on_nor_in_a_line_at_a_moment(tmp_path: Path) -> None:
    cues = cues_of(ALL_HOLDING_CHIMES, tmp_path)
    second = next(number for number, cue in enumerate(cues) if isinstance(cue, Mark) and cue.title == "Two")
    kept = list(without_chimes(cues, second))
    assert [cue.sound for cue in opened(kept) if isinstance(cue, Chime)] == ["bowl"]
    assert [cue.utterance.text for cue in opened(kept) if isinstance(cue, Say)] == [
        "Halfway.",
        "One.",
        "Two.",
        "Three.",
    ]
    assert [cue.natural for cue in kept if isinstance(cue, Slot)] == [20_000]
