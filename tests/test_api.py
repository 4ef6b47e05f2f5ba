"""What the page about the Python API says is so: its examples run and print what they say, its tables are whole."""

import dataclasses
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import voiceguide
from voiceguide import Cast, Job, Say, errors, plan

PAGE = (Path(voiceguide.__file__).parent / "API.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```([\w ]+)\n(.*?)```", PAGE, flags=re.DOTALL)
ENGINE = next(text for kind, text in BLOCKS if kind == "python engine")


def test_the_examples_run_one_after_the_other_and_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(text for kind, text in BLOCKS if kind == "python")
    exec(code, {})
    promised = re.findall(r"print\(.*\)  # (.*)", code)
    assert len(promised) > 10
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(promised)
    assert (tmp_path / "calm.mp3").stat().st_size > 100_000


def test_the_table_of_a_job_has_each_of_its_fields_in_order() -> None:
    table = PAGE.partition("### What a job says")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == [field.name for field in dataclasses.fields(Job)]


def test_every_name_that_can_be_imported_is_on_the_page_and_there() -> None:
    assert len(set(voiceguide.__all__)) == len(voiceguide.__all__)
    for name in voiceguide.__all__:
        assert getattr(voiceguide, name) is not None
        assert re.search(rf"\b{name}\b", PAGE), f"{name} is not on the page"
    for name in re.findall(r"^from voiceguide import (.*)", PAGE, flags=re.MULTILINE):
        assert set(name.split(", ")) <= set(voiceguide.__all__)


def test_the_names_of_functions_stay_functions_once_their_modules_are_loaded() -> None:
    import voiceguide.check
    import voiceguide.render
    import voiceguide.verify

    assert callable(voiceguide.render)
    assert callable(voiceguide.check)
    assert callable(voiceguide.verify)


def test_the_tree_of_errors_is_the_real_one() -> None:
    tree = next(text for kind, text in BLOCKS if kind == "text" and text.startswith("VoiceguideError"))
    assert tree.strip() in (errors.__doc__ or "")
    defined = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}
    assert set(re.findall(r"\b[A-Z]\w+(?=  |\n)", tree)) == defined


@pytest.mark.long
def test_the_engine_on_the_page_can_be_registered_and_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "site-packages"
    about = installed / "humming-1.dist-info"
    about.mkdir(parents=True)
    (installed / "humming.py").write_text(ENGINE, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: humming\nVersion: 1\n", encoding="utf-8")
    group, name, value = re.search(r'entry-points."(.*)"\]\n(\w+) = "(.*)"\n```', PAGE).groups()  # type: ignore[union-attr]  # it is there
    (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(installed))
    script = tmp_path / "hum.md"
    script.write_text("---\ntitle: T\nrate: 115\n---\nWelcome to your mat, and lie down.\n", encoding="utf-8")
    try:
        with Cast() as cast:
            (listed,) = (one for one in cast.listing() if one.engine == "humming")
        assert ([voice.name for voice in listed.voices], listed.trouble) == (["low"], None)
        planned = plan(Job(script=script, voice="humming:low"))
    finally:
        sys.modules.pop("humming", None)
    (said,) = (event.cue for event in planned.timeline.events if isinstance(event.cue, Say))
    samples = planned.spoken.clips[said.utterance].samples()
    assert np.abs(np.fft.rfft(samples, 44_100)).argmax() == pytest.approx(140, abs=1)
    assert len([line for line in ENGINE.splitlines() if line.strip()]) <= 15
