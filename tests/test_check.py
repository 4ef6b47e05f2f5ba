"""What would disturb or harm a listener: each rule by scripts that break it, and scripts that barely do not.

A case is as in `test_cues.py`; its title begins with the rule it is about. What is expected is where that rule finds
something: the line, the words under its caret, and in which ways to make the session if not in all of them.
"""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from test_cues import CASES, TITLE, Case, cases_in

from voiceguide import Job, render
from voiceguide.check import RULES, Checked, Finding, check, rule_names
from voiceguide.check.rules import FIT, TRANSLATION
from voiceguide.check.words import languages, words_of
from voiceguide.cli import main
from voiceguide.durations import Ms, spoken
from voiceguide.shipped import folder

TRANSLATED = sorted(folder("scripts").glob("??/*.md"))
SHIPPED = sorted(folder("scripts").glob("*.md")) + TRANSLATED
SOME = [folder("scripts") / f"{name}.md" for name in ("back-on-mat", "evening")]
README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def read_cases() -> list[Case]:
    return [case for path in sorted((CASES / "check").glob("*.md")) for case in cases_in(path)]


def rule_of(case: Case) -> str:
    return case.name.split(" ", 1)[1].partition(":")[0]


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path) -> None:
    added = 0 if case.script.startswith("---") else TITLE.count("\n")
    checked = written(tmp_path, (TITLE if added else "") + case.script)
    assert [error.explain() for error in checked.errors] == []
    mine = [f"{shown(one, added)}\n" for one in checked.findings if one.rule == rule_of(case)]
    allowed = [f"{shown(one.finding, added)} allowed: {one.reason}\n" for one in checked.allowed]
    assert "".join(mine + allowed) == case.expected


def written(folder: Path, text: str) -> Checked:
    path = folder / "script.md"
    path.write_text(text, encoding="utf-8")
    return check(path)


def shown(finding: Finding, added: int) -> str:
    at = finding.at
    ways = f" at {', '.join(finding.ways)}" if finding.ways else ""
    return f'{at.line - added} "{at.source[at.column - 1 : at.column - 1 + at.width]}"{ways}'


IN_CASES = [name for name in rule_names() if name != TRANSLATION.name]
"""A translation is two scripts: see `test_a_translation_keeps_to_its_original`."""


@pytest.mark.parametrize("rule", IN_CASES)
def test_each_rule_has_a_script_that_breaks_it_and_one_that_barely_does_not(rule: str) -> None:
    mine = [case for case in read_cases() if rule_of(case) == rule]
    assert any(case.expected for case in mine)
    assert any(not case.expected for case in mine)


def test_no_case_is_about_a_rule_that_is_not_there() -> None:
    assert {rule_of(case) for case in read_cases()} == set(IN_CASES)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=f"{path.parent.name}/{path.stem}", marks=() if path in SOME else pytest.mark.long)
        for path in SHIPPED
    ],
)
def test_a_session_of_ours_disturbs_nobody(path: Path) -> None:
    checked = check(path)
    assert [error.explain() for error in checked.errors] == []
    assert [f"{one.rule}: {shown(one, 0)}: {one.message}" for one in checked.findings] == []
    assert {one.finding.rule for one in checked.allowed} <= {"long-silence"}


# --- words --------------------------------------------------------------------------------------------------------


def test_every_language_has_words_of_every_kind() -> None:
    kinds = {language: set(words.patterns) for language in languages() if (words := words_of(language))}
    assert set(kinds) == {"en", "it", "de", "fr", "es"}
    assert all(own == kinds["en"] for own in kinds.values())


def test_a_rule_tells_how_many_words_are_too_many() -> None:
    (dense,) = [rule.notices for rule in RULES if rule.name == "dense"]
    most = [words.densest for language in ("en", "de", "it", "fr", "es") if (words := words_of(language))]
    assert [int(number) for number in re.findall(r"\d+", dense)] == list(dict.fromkeys(most))


def test_a_variety_of_a_language_has_its_words() -> None:
    assert words_of("de-AT") is words_of("de")
    assert words_of("sv") is None


@given(st.sampled_from(["en", "it", "de", "fr", "es"]), st.integers(1, 90), st.integers(0, 59))
def test_a_time_that_was_spoken_is_read_back(language: str, minutes: int, seconds: int) -> None:
    length = Ms((minutes * 60 + seconds) * 1000)
    words = words_of(language)
    assert words is not None
    before = {"en": "next", "it": "prossimi", "de": "nächsten", "fr": "prochaines", "es": "próximos"}[language]
    told = " ".join(spoken(length, language).split())  # as a script's text comes to `check`
    found = words.time_in("next", f"{before} {told}")
    assert found is not None
    assert found[1] == length


# --- scripts as they are checked ----------------------------------------------------------------------------------


def test_the_rules_about_words_are_left_out_in_other_languages_which_is_said(tmp_path: Path) -> None:
    checked = written(tmp_path, "---\ntitle: Prov\nlanguage: sv\n---\n[safety] Vila.\n[pause 60s]\nTack.\n")
    assert checked.findings == ()
    assert checked.note == "rules about words know en, de, it, fr, es, not 'sv': only the others were tried"


def test_errors_are_found_not_raised_and_each_once(tmp_path: Path) -> None:
    checked = written(tmp_path, "---\ntitle: Test\nminutes: 3 (2 to 5)\n---\n[chime bel]\n[pause 3]\n")
    assert [error.message for error in checked.errors] == ["there is no sound called 'bel'", "'3' has no unit"]


def test_what_only_some_values_bring_is_found_and_said(tmp_path: Path) -> None:
    front = "---\ntitle: Test\nparams: {long: no}\n---\n"
    body = "[safety] Stop at any time.\n{% if long %}\n[pause 60s]\nEnd.\n{% endif %}\n"
    (found,) = written(tmp_path, front + body).findings
    assert (found.rule, found.ways) == ("unannounced-silence", ("long=yes",))


def test_what_a_script_refuses_is_no_error(tmp_path: Path) -> None:
    refusal = '{% if pregnant %}\n{{ refuse("not for pregnancy") }}\n{% endif %}\nRest.\n'
    assert written(tmp_path, f"---\ntitle: Test\nparams: {{pregnant: no}}\n---\n{refusal}").errors == ()
    always = written(tmp_path, f"---\ntitle: Test\nparams: {{pregnant: yes}}\n---\n{refusal}")
    assert [error.message for error in always.errors] == ["not for pregnancy"]


@pytest.mark.parametrize(("rest", "rules"), [("20s", ()), ("21s", ("translation",))])
def test_a_translation_keeps_to_its_original(tmp_path: Path, rest: str, rules: tuple[str, ...]) -> None:
    body = "[safety] {}\n[rest {} from 1s to 30s]\n{}\n"
    original = tmp_path / "session.md"
    original.write_text("---\ntitle: Rest\n---\n" + body.format("Stop at any time.", "20s", "End."), encoding="utf-8")
    (tmp_path / "de").mkdir()
    translation = tmp_path / "de" / "session.md"
    front = "---\ntranslates: session\nlanguage: de\ntitle: Ruhe\n---\n"
    said = body.format("Du kannst jederzeit aufhören.", rest, "Ende.")
    translation.write_text(front + said, encoding="utf-8")
    found = check(translation).findings
    assert tuple(one.rule for one in found) == rules
    assert all(one.at.line == 7 and f"{original}:5" in one.why for one in found)


def test_every_wording_is_read(tmp_path: Path) -> None:
    texts = '{{ pick("Rest.", "This heals.") }}\n[safety] Stop at any time.\n[pause 30s]\nEnd.\n'
    checked = written(tmp_path, f"---\ntitle: Test\nminutes: 1 (0.7 to 1.2)\n---\n{texts}[rest 20s from 1s to 30s]\n")
    assert "claim" in {one.rule for one in checked.findings}


@pytest.mark.parametrize(
    ("allow", "message"),
    [
        ("{coed: Because.}", "there is no rule called 'coed'"),
        ('{code: ""}', "this is empty"),
        ("[code]", "'allow' has names and values under it"),
    ],
)
def test_a_rule_is_silenced_by_its_name_and_with_a_reason(tmp_path: Path, allow: str, message: str) -> None:
    (error,) = written(tmp_path, f"---\ntitle: Test\nallow: {allow}\n---\nCome to BL23.\n").errors
    assert error.message == message
    assert error.at is not None
    assert error.at.line == 3


# --- the command --------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)


@pytest.fixture
def warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A script with one warning and one that is allowed."""
    monkeypatch.chdir(tmp_path)
    front = "---\ntitle: Test\nallow: {code: We say codes.}\n---\n"
    Path("mine.md").write_text(f"{front}[safety] Stop at any time.\n[pause 20s]\nBL23 heals.\n", encoding="utf-8")
    return "mine.md"


def test_a_warning_has_its_place_and_its_reason(warned: str) -> None:
    result = run(warned)
    assert result.exit_code == 0
    assert result.stdout == (
        "warning: claim: 'heals' is heard as a promise to heal\n"
        "  mine.md:7\n"
        "    7 | BL23 heals.\n"
        "      |      ^^^^^ it may not be promised, in most countries by law: say what people feel, or what tradition"
        " calls it\n\n"
        "1 script: 0 errors, 1 warning; 1 allowed, with a reason\n"
    )


def test_what_is_allowed_is_listed_when_asked_for(warned: str) -> None:
    assert "allowed: code: the code 'BL23' is spoken" in run("-v", warned).stdout
    assert "^^^^ We say codes." in run("-v", warned).stdout


def test_a_warning_fails_only_when_strict_and_an_error_always(warned: str, tmp_path: Path) -> None:
    assert run("--strict", warned).exit_code == 1
    Path("bad.md").write_text("---\ntitle: Test\n---\n[chime bel]\n", encoding="utf-8")
    result = run(warned, "bad.md")
    assert result.exit_code == 1
    assert result.stdout.endswith("2 scripts: 1 error, 1 warning; 1 allowed, with a reason\n")


def test_json_says_the_same(warned: str) -> None:
    (one,) = json.loads(run("--json", warned).stdout)
    assert one["errors"] == []
    assert [(found["rule"], found["line"], found["column"]) for found in one["findings"]] == [("claim", 7, 6)]
    assert [(found["rule"], found["reason"]) for found in one["allowed"]] == [("code", "We say codes.")]


# --- rendering ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "warnings"),
    [
        ("---\ntitle: Test\n---\nRest.\n", 1),
        ("---\ntitle: Test\n---\nYou can stop at any time.\n", 0),
        ("---\ntitle: Test\nallow: {no-safety: It is a test.}\n---\nRest.\n", 0),
    ],
)
def test_missing_safety_warns_when_it_is_rendered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: str, warnings: int
) -> None:
    path = tmp_path / "script.md"
    path.write_text(script, encoding="utf-8")
    render(Job(script=path, voice="tone", out=tmp_path / "made.wav", format="wav"))
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [f"{path}: nobody is told that they may stop at any time" in one for one in messages] == [True] * warnings


# --- the README ---------------------------------------------------------------------------------------------------


def test_the_readme_lists_every_rule_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", README, flags=re.MULTILINE))
    assert {rule.name: rows.get(rule.name) for rule in (*RULES, TRANSLATION, FIT)} == {
        rule.name: rule.notices for rule in (*RULES, TRANSLATION, FIT)
    }


@pytest.fixture
def readme_script() -> str:
    (script,) = re.findall(r"```markdown\n(---\ntitle: Five.*?)```", README, flags=re.DOTALL)
    return str(script)


def test_the_readme_s_own_script_disturbs_nobody(tmp_path: Path, readme_script: str) -> None:
    assert [f"{one.rule}: {one.message}" for one in written(tmp_path, readme_script).findings] == []


def test_the_warning_shown_is_the_one_a_reader_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readme_script: str
) -> None:
    monkeypatch.chdir(tmp_path)
    changed = readme_script.replace("Breathe in, slowly.", "Breathe in, slowly. This heals your back.")
    Path("evening.md").write_text(changed, encoding="utf-8")
    (shown_there,) = re.findall(r"```text\n(warning: claim.*?)```", README, flags=re.DOTALL)
    assert run("evening.md").stdout == shown_there
