"""Reading files, what a script says of itself, and what its template may not do. The language itself is in `cases/`."""

import importlib.metadata
import os
import pickle
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying

from voiceguide.cues import Bed, read_cues
from voiceguide.durations import Ms
from voiceguide.errors import ScriptError, SeveralErrors, TimelineError, VoiceguideError
from voiceguide.script import Known, Pace, Parameter, Range, Script, Source, bounds, expand, plain, read_script

KNOWN = Known(chimes={"bowl", "bell"}, voices={"heart"})
TITLE = "---\ntitle: Test\n---\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "evening.md"


def texts(script: Path, text: str | bytes, **values: str) -> list[str]:
    script.write_bytes(text.encode() if isinstance(text, str) else text)
    return [plain(line.text) for line in expand(read_script(script, KNOWN), values, None, KNOWN).lines]


def refusal(script: Path, text: str | bytes, **values: str) -> VoiceguideError:
    with pytest.raises(VoiceguideError) as raised:
        texts(script, text, **values)
    return raised.value


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(script: Path, end: str, mark: str) -> None:
    text = mark + f"{TITLE}One.\n\nTwo.\n".replace("\n", end)
    assert texts(script, text) == ["One.", "", "Two."]


def test_text_is_composed(script: Path) -> None:
    assert texts(script, f"{TITLE}Cafe\u0301.\n") == ["Caf\u00e9."]


def test_bytes_that_are_no_text_are_shown_where_they_stand(script: Path) -> None:
    error = refusal(script, f"{TITLE}One.\nTwo ".encode() + b"\xff three.\n")
    assert error.at is not None
    assert (error.at.line, error.at.column) == (5, 5)
    assert "UTF-8" in error.message


@pytest.mark.parametrize(
    "char", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\uffff", "\ue000", "\U000f0000", "\U0010fffd"]
)
def test_characters_that_cannot_be_seen_are_shown_where_they_stand(script: Path, char: str) -> None:
    error = refusal(script, f"{TITLE}One {char}two.\n")
    assert error.at is not None
    assert (error.at.line, error.at.column) == (4, 5)
    assert f"U+{ord(char):04X}" in error.message


def test_a_script_that_is_not_there_is_an_error(script: Path) -> None:
    with pytest.raises(ScriptError, match="there is no script"):
        read_script(script, KNOWN)


def test_a_folder_is_no_script(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="there is no script"):
        read_script(tmp_path, KNOWN)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_at_once(script: Path) -> None:
    os.mkfifo(script)
    with pytest.raises(ScriptError, match="there is no script"):
        read_script(script, KNOWN)


def test_a_very_long_script_is_refused(script: Path) -> None:
    assert "1,000,000" in refusal(script, TITLE + "Rest. " * 200_000).message


def test_a_very_long_front_matter_is_refused(script: Path) -> None:
    assert "64 KiB" in refusal(script, f"---\ntitle: T\nsummary: {'x' * 70_000}\n---\nRest.\n").message


def test_a_front_matter_of_many_values_is_refused_quickly(script: Path) -> None:
    values = ", ".join("[]" for _ in range(10_000))
    started = time.monotonic()
    assert "2000" in str(refusal(script, f"---\ntitle: T\nparams: {{a: [{values}]}}\n---\nRest.\n").hint)
    assert time.monotonic() - started < 5


def test_very_deep_nesting_is_refused(script: Path) -> None:
    assert "too much" in refusal(script, f"---\ntitle: {'[' * 5000}\n---\nRest.\n").message


# --- what a script says of itself ---------------------------------------------------------------------------------

WHOLE = """---
title: Ten minutes
summary: Eyes closed.
position: on the mat
language: pt_br
minutes: 10 (8 to 20)
params:
  name: ""
  bell: bowl
  points: [BL23, GV4]
  each: {label: Time on each point, type: duration, default: 60s, least: 30s, most: 3m}
  times: {type: number, default: 2, least: 1}
pace: {line: 2s}
voice: heart
rate: 100
---
Olá{{ name | after(", ") }}.
"""


@pytest.fixture
def whole(script: Path) -> Source:
    script.write_text(WHOLE, encoding="utf-8")
    return read_script(script, KNOWN)


def test_everything_in_the_front_matter_is_read(whole: Source) -> None:
    assert (whole.name, whole.title, whole.summary, whole.position) == (
        "evening",
        "Ten minutes",
        "Eyes closed.",
        "on the mat",
    )
    assert (whole.language, whole.voice, whole.rate) == ("pt-BR", "heart", 100)
    assert whole.minutes == Range(default=Ms(600_000), least=Ms(480_000), most=Ms(1_200_000))
    assert whole.pace == Pace(sentence=Ms(700), line=Ms(2000), paragraph=Ms(6000), section=Ms(8000))


def test_parameters_are_read_with_all_a_form_needs(whole: Source) -> None:
    name, bell, several, each, times = whole.parameters
    assert name == Parameter(name="name", label="Name", type="text", default="")
    assert bell == Parameter(name="bell", label="Bell", type="sound", default="bowl", kind="chime")
    assert (several.type, several.choices, several.default) == ("points", ("BL23", "GV4"), "BL23, GV4")
    assert (each.label, each.least, each.most, bounds(each)) == (
        "Time on each point",
        30_000,
        180_000,
        "from 30s to 3m",
    )
    assert (times.default, times.least, times.most, bounds(times)) == ("2", 1, None, "at least 1")


def test_what_is_not_said_has_defaults(script: Path) -> None:
    script.write_text(f"{TITLE}Rest.\n", encoding="utf-8")
    source = read_script(script, KNOWN)
    assert (source.language, source.rate, source.voice, source.minutes) == ("en", 115, None, None)
    assert source.pace == Pace(sentence=Ms(700), line=Ms(3000), paragraph=Ms(6000), section=Ms(8000))


def test_an_expanded_script_says_what_it_was_made_with(whole: Source) -> None:
    made = expand(whole, {"name": "Ana", "each": "90s"}, Ms(720_000), KNOWN)
    assert made.target == 720_000
    assert dict(made.values) == {"name": "Ana", "bell": "bowl", "points": "BL23, GV4", "each": "90s", "times": "2"}
    assert [line.text for line in made.lines] == ["Olá, Ana."]


def test_the_default_length_is_the_target(whole: Source) -> None:
    assert expand(whole, {}, None, KNOWN).target == 600_000


def test_without_minutes_there_is_no_target(script: Path) -> None:
    script.write_text(f"{TITLE}Rest.\n", encoding="utf-8")
    source = read_script(script, KNOWN)
    assert expand(source, {}, None, KNOWN).target is None
    assert expand(source, {}, Ms(60_000), KNOWN).target == 60_000


@pytest.mark.parametrize("target", [0, -1, 479_999, 1_200_001, 90_000_000])
def test_a_target_out_of_reach_is_refused_at_once(whole: Source, target: int) -> None:
    with pytest.raises(TimelineError):
        expand(whole, {}, Ms(target), KNOWN)


def test_sources_and_scripts_are_plain_data(whole: Source) -> None:
    source: Source = pickle.loads(pickle.dumps(whole))
    assert source == whole
    made = expand(source, {}, None, KNOWN)
    again: Script = pickle.loads(pickle.dumps(made))
    assert again == made


def test_all_that_is_wrong_with_values_comes_at_once(whole: Source) -> None:
    with pytest.raises(SeveralErrors) as raised:
        expand(whole, {"nme": "Ana", "bell": "bel", "each": "5"}, None, KNOWN)
    assert len(raised.value.errors) == 3


def test_a_sound_may_be_named_by_a_path_that_is_known(script: Path) -> None:
    known = Known(chimes={"bowl", "my sounds/bell #1.wav"}, voices=set())
    script.write_text("---\ntitle: T\nparams: {bell: bowl}\n---\n[chime {{ bell }}]\n", encoding="utf-8")
    made = expand(read_script(script, known), {"bell": "my sounds/bell #1.wav"}, None, known)
    assert [plain(line.text) for line in made.lines] == ["[chime my sounds/bell #1.wav]"]


@pytest.mark.parametrize(("name", "kind"), [("bowl", "chime"), ("rain", "bed"), ("both", "chime")])
def test_a_default_says_which_kind_of_sound_a_parameter_is(script: Path, name: str, kind: str) -> None:
    known = Known(chimes={"bowl", "both"}, voices=set(), beds={"rain", "both"})
    script.write_text(f"---\ntitle: T\nparams: {{sound: {name}}}\n---\nOne.\n", encoding="utf-8")
    (parameter,) = read_script(script, known).parameters
    assert (parameter.type, parameter.kind) == ("sound", kind)


def test_a_bed_may_be_named_by_a_path_that_is_known(script: Path) -> None:
    known = Known(chimes=(), voices=(), beds={"rain", "my sounds/river #1.wav"})
    script.write_text("---\ntitle: T\nparams: {bed: rain}\n---\n[bed {{ bed }}]\nOne.\n", encoding="utf-8")
    made = expand(read_script(script, known), {"bed": "my sounds/river #1.wav"}, None, known)
    assert [cue.sound for cue in read_cues(made, known) if isinstance(cue, Bed)] == ["my sounds/river #1.wav"]


# --- parts --------------------------------------------------------------------------------------------------------


def part(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_parts_come_from_beside_the_script_then_from_the_users_folder(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEGUIDE_HOME", str(tmp_path / "home"))
    theirs = tmp_path / "home" / "scripts" / "_parts"
    part(theirs, "a-test-part", "The user's.")
    body = TITLE + '{{ part("a-test-part") }}\n'
    assert texts(script, body) == ["The user's."]
    part(script.parent / "_parts", "a-test-part", "Beside.")
    assert texts(script, body) == ["Beside."]


def test_a_link_does_not_lead_out_of_the_parts(script: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("Secret.", encoding="utf-8")
    inside = part(tmp_path / "_parts", "inside", "Inside.")
    (tmp_path / "_parts" / "linked.md").symlink_to(secret)
    (tmp_path / "_parts" / "folder").symlink_to(tmp_path)
    (tmp_path / "_parts" / "another.md").symlink_to(inside)
    for name in ("linked", "folder/secret"):
        error = refusal(script, TITLE + f'{{{{ part("{name}") }}}}\n')
        assert error.message == f"the part '{name}' is a link that leads out of its folder"
        assert error.hint == "copy the file there instead"
    assert texts(script, TITLE + '{{ part("another") }}\n') == ["Inside."]


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/hostname", "..", "a/../b", "a\\\\b", "", ".hidden", "-x", "a b", "a//b"]
)
@pytest.mark.parametrize("way", ['{{{{ part("{}") }}}}', '{{% include "{}" %}}', '{{% extends "{}" %}}'])
def test_parts_are_named_not_reached_by_paths(script: Path, name: str, way: str) -> None:
    assert refusal(script, TITLE + way.format(name) + "\n").at is not None


@pytest.mark.parametrize("name", ["long-" * 60, "長" * 100])
def test_a_name_longer_than_a_files_is_no_parts(script: Path, name: str) -> None:
    assert "can't be called" in refusal(script, TITLE + f'{{{{ part("{name}") }}}}\n').message


def test_a_part_there_is_in_english_only_is_said_to_be(script: Path) -> None:
    german = "---\ntitle: T\nlanguage: de\n---\n"
    hint = refusal(script, german + '{{ part("rising") }}\n').hint
    assert hint == "it is there in English (en) only; put your own into _parts/"


# --- compiled once ------------------------------------------------------------------------------------------------


def test_a_script_comes_out_the_same_however_often_it_is_expanded(script: Path) -> None:
    part(script.parent / "_parts", "hello", 'Hello{{ name | after(", ") }}.\n')
    script.write_text('---\ntitle: T\nparams: {name: ""}\n---\n{{ part("hello") }}\nOne.\n', encoding="utf-8")
    source = read_script(script, KNOWN)
    first, other, again = (expand(source, {"name": name}, None, KNOWN) for name in ("Ana", "Bo", "Ana"))
    assert [plain(line.text) for line in other.lines] == ["Hello, Bo.", "One."]
    assert again == first


def test_an_error_has_its_place_however_often_it_is_made(script: Path) -> None:
    part(script.parent / "_parts", "broken", "One.\nHold {{ cod }}.\n")
    errors = [refusal(script, f'{TITLE}Now.\n{{{{ part("broken") }}}}\n').explain() for _ in range(3)]
    assert "broken.md:2" in errors[0]
    assert len(set(errors)) == 1


def test_a_part_of_two_languages_is_spoken_in_the_scripts(script: Path) -> None:
    part(script.parent / "_parts", "half", "{{ 1.5 | spoken }}\n")
    body = '{{ part("half") }}\n'
    assert texts(script, f"---\ntitle: T\nlanguage: en\n---\n{body}") == ["1.5"]
    assert texts(script, f"---\ntitle: T\nlanguage: de\n---\n{body}") == ["1,5"]


# --- wordings -----------------------------------------------------------------------------------------------------

WORDINGS = ("One.", "Two.", "Three.", "Four.", "Five.", "Six.", "Seven.")
COUNTS = (2, 2, 3, 3, 3, 3, 4, 5, 7)
seeds = st.integers(-(10**6), 10**9)


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A script of picks from 2 to 7 wordings, a line each."""
    path = tmp_path_factory.mktemp("worded") / "worded.md"
    texts_of = ([f"{number} {text}" for text in WORDINGS[:count]] for number, count in enumerate(COUNTS))
    lines = ("{{ pick(" + ", ".join(f'"{text}"' for text in texts) + ") }}" for texts in texts_of)
    path.write_text(TITLE + "\n".join(lines), encoding="utf-8")
    return read_script(path, KNOWN)


def wording(source: Source, seed: int) -> tuple[str, ...]:
    return tuple(plain(line.text) for line in expand(source, {}, None, KNOWN, seed=seed).lines)


@given(seed=seeds)
@trying(25)
def test_neighbouring_seeds_differ_in_every_pick_and_a_seed_is_always_the_same(worded: Source, seed: int) -> None:
    today, tomorrow = wording(worded, seed), wording(worded, seed + 1)
    assert all(one != other for one, other in zip(today, tomorrow, strict=True))
    assert wording(worded, seed) == today


def test_every_wording_has_its_turn_and_picks_do_not_go_in_step(worded: Source) -> None:
    days = [wording(worded, 739_942 + day) for day in range(30)]
    assert [len(set(line)) for line in zip(*days, strict=True)] == list(COUNTS)
    of_three = [tuple(line for line, count in zip(day, COUNTS, strict=True) if count == 3) for day in days]
    assert len(set(of_three)) >= 20  # in step there would be three
    assert len(set(days)) == 30


@pytest.mark.parametrize(
    ("line", "varies"),
    [("Rest.", False), ('{{ pick("Rest.", "Stop.") }}', True), ('{{ "And " ~ pick("rest.", "stop.") }}', True)],
)
def test_a_script_says_whether_its_words_vary(script: Path, line: str, varies: bool) -> None:  # noqa: FBT001  -- a case
    script.write_text(f"{TITLE}{line}\n", encoding="utf-8")
    made = expand(read_script(script, KNOWN), {}, None, KNOWN, seed=3)
    assert (made.varies, made.seed) == (varies, 3)


# --- what the README shows ----------------------------------------------------------------------------------------


@pytest.fixture
def described(checkout: Path) -> str:
    """What the README says of the language."""
    text = (checkout / "README.md").read_text(encoding="utf-8")
    return text.partition("### What can be written")[2].partition("\n## ")[0].replace("\\|", "|")


def test_each_expression_in_the_readme_works(script: Path, described: str) -> None:
    (front,) = re.findall(r"```yaml\n(.*?)```", described, re.DOTALL)
    head = f"---\ntitle: T\nminutes: 20\n{front}---\n"
    expressions = dict.fromkeys(re.findall(r"\{\{.*?\}\}", described))
    assert len(expressions) >= 6
    for expression in expressions:
        assert texts(script, f"{head}It is {expression}.\n", name="Ana")[0] != "It is ."
    for value in ("minutes", "length", "points_table.BL23.place", "rounds", "bell"):
        assert texts(script, f"{head}It is {{{{ {value} }}}}.\n")[0] != "It is ."


def test_each_statement_in_the_readme_works(script: Path, described: str) -> None:
    (front,) = re.findall(r"```yaml\n(.*?)```", described, re.DOTALL)
    head = f"---\ntitle: T\nminutes: 20\n{front}---\n"
    passages = re.findall(r"`(\{% (\w+) (.*?) %\} … \{% end\2 %\})`", described)
    assert {tag for _, tag, _ in passages} >= {"if"}
    for passage, _, _ in passages:
        assert texts(script, head + passage.replace("…", "Rest.") + "\n") == [" Rest. "]
    assert "{% for … %}" in described
    assert texts(script, head + "{% for point in points %}\n{{ point }}\n{% endfor %}\n") == ["BL23", "GV4"]


# --- what a template may not do -----------------------------------------------------------------------------------

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ part.__globals__ }}",
    "{{ part.__wrapped__ }}",
    "{{ range.__self__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ '{0.__class__.__init__}'.format(1) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "{{ ('{0.__class__}' | attr('format'))(1) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ '%s' % namespace }}",
    "{{ points_table.__class__ }}",
    "{{ points_table.BL23.__class__ }}",
    "{{ length.__class__ }}",
    "{{ loop }}",
    "{{ [].__class__ }}",
    "{{ ().__getattribute__('x') }}",
    "{{ ''['__class__'] }}",
    "{{ [1, 2] | map(attribute='__class__') | list }}",
    "{{ [1, 2] | groupby('__class__') }}",
    "{% for a in ['__class__'] %}{{ ''[a] }}{% endfor %}",
    "{{ 'abc'.translate({97: 'x' * 99}) }}",
    "{{ 'x'.ljust(999999999) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ 'x' | center(999999999) }}",
    "{{ 'x' | indent(999999999) }}",
    "{{ 'x' | format }}",
    "{{ 'aaaa' | replace('a', 'b') }}",
    "{{ lipsum(n=1000000) }}",
    "{{ range(10000) | join('x' * 99999) }}",
    "{{ [1] * 10**8 }}",
    "{{ 10**8 * [1] }}",
    "{{ 'x' * 10**5 * 10**5 }}",
    "{{ 99 ** 99 }}",
    "{{ 1e308 * 1e308 }}",
    "{{ 99999999999999999999 }}",
    "{{ range(10**9) }}",
    "{% for a in range(10001) %}x{% endfor %}",
    "{{ '\\x02' }}",
    "{{ '\\ud800' }}",
    "{{ '\\N{BELL}' }}",
)


@pytest.mark.parametrize("attack", ESCAPES)
def test_a_template_stays_in_its_box(script: Path, attack: str) -> None:
    started = time.monotonic()
    assert refusal(script, f"{TITLE}{attack}\n").at is not None
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("attack", ESCAPES)
def test_not_even_compiling_it_takes_long(script: Path, attack: str) -> None:
    started = time.monotonic()
    try:
        lines = texts(script, f"{TITLE}Rest.\n{{% if false %}}{attack}{{% endif %}}\n")
    except ScriptError as error:
        assert error.at is not None  # noqa: PT017  -- either is fine, but not a long wait
    else:
        assert lines == ["Rest."]
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "deep",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% if true %}" * 3000 + "{% endif %}" * 3000,
        "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "- " * 5000 + "1 }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
    ],
    ids=["parentheses", "ifs", "loops", "signs", "macros"],
)
def test_deep_nesting_is_an_error_in_words(script: Path, deep: str) -> None:
    error = refusal(script, f"{TITLE}{deep}\n")
    assert isinstance(error, ScriptError)
    assert error.at is not None


FAILING = (
    '{{ "a" | after }}', '{{ "a" | after(1, 2) }}', '{{ "a" | join(sep=1) }}', "{{ 1 | join }}", "{{ 3 | length }}",
    '{{ "a" | spoken(1) }}', "{{ part(1) }}", "{{ points_table() }}", "{{ namespace(1) }}", '{{ "a"() }}',
    "{{ {[1]: 2} }}", "{{ 5 in 3 }}", '{{ 1 < "a" }}', '{{ -"a" }}', '{{ "a" * 2.5 }}', "{{ none + 1 }}",
    '{{ 1 | round("a") }}', '{{ 1 | round(1, "x") }}', '{{ [1, "a"] | sort | join }}', "{{ [] | max }}",
    '{{ ["a"] | sum }}', '{{ [1] | sum(start="a") }}', '{{ "a".upper(1) }}', '{{ "a".startswith(1) }}',
    '{{ "a".strip(1) }}', '{{ "a" | reject(1) | list }}', "{{ {}.get() }}", "{{ 1 is divisibleby }}",
    "{{ 3 | abs(1) }}", "{{ (1e15 * 1e300) | int }}", "{{ range(1.5) }}", '{{ range("a") }}', "{{ length + 1 }}",
    "{{ length ** 2 }}", "{{ -length }}", "{{ length | round }}", "{{ length < 1 }}", "{% for a in 3 %}{% endfor %}",
    "{% set a, b = 1 %}", "{% set a, b = [1, 2, 3] %}", "{% include 3 %}", "{% include none %}",
    "{% for a in [1] recursive %}{{ loop(1) }}{% endfor %}", "{% for a in [1] %}{{ loop.cycle() }}{% endfor %}",
    "{% macro a() %}{{ caller() }}{% endmacro %}{{ a() }}", "{{ a. }}", "{{ a | }}", "{{ {1} }}", "{{ 1 2 }}",
    "{{ 1 if }}", "{{ a ? b }}", "{% for a of [1] %}{% endfor %}", "{% set 1 = 2 %}",
    "{% macro a(b=1, c) %}{% endmacro %}", "{% call a %}{% endcall %}", "{% block a-b %}{% endblock %}",
    "{% import 'x' %}", "{% with a %}{% endwith %}", "{% %}",
)  # fmt: skip
"""Each made Jinja or Python say what is wrong, in words of their own."""
_OF_PROGRAMMERS = re.compile(
    r"argument|object|type\b|iterable|operand|instance|integer|str\b|int\b|float|Chosen|Duration|tuple|sequence|"
    r"token|positional|callable|identifier|template|statement|_\w+\(|None|lambda|expression"
)


@pytest.mark.parametrize("failing", FAILING)
def test_errors_are_said_in_words_of_the_script(script: Path, failing: str) -> None:
    error = refusal(script, f"---\ntitle: T\nminutes: 5\n---\nRest.\n{failing}\n")
    assert error.at is not None
    assert error.at.line == 6
    assert not _OF_PROGRAMMERS.search(error.message)


def test_very_many_tags_are_refused(script: Path) -> None:
    started = time.monotonic()
    assert "10,000" in refusal(script, TITLE + "{{ 1 }}" * 100_000).message
    assert time.monotonic() - started < 10


def test_the_template_engine_is_one_without_known_holes() -> None:
    required = importlib.metadata.requires("voiceguide") or []
    assert any(requirement.startswith("jinja2>=3.1.6") for requirement in required)


def test_a_long_script_expands_quickly(script: Path) -> None:
    body = (
        '# Chapter\nBreathe in{{ name | after(", ") }}. And out.\n[rest 20s]\n{% if true %}\nRest.\n{% endif %}\n\n'
        * 200
    )
    script.write_text(f'---\ntitle: T\nparams: {{name: ""}}\n---\n{body}', encoding="utf-8")
    started = time.monotonic()
    made = expand(read_script(script, KNOWN), {"name": "Ana"}, None, KNOWN)
    assert len(made.lines) == 200 * 5
    assert time.monotonic() - started < 5


def test_the_places_in_a_long_line_share_it(script: Path) -> None:
    script.write_text(TITLE + "Rest. " * 1000, encoding="utf-8")
    (line,) = expand(read_script(script, KNOWN), {}, None, KNOWN).lines
    assert line.place(0, 5).source is line.place(600, 605).source


def test_the_points_do_not_load_the_template_engine() -> None:
    code = "import sys, voiceguide.points; sys.exit('jinja2' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
