"""Kokoro is chosen where its voices are, is a line in the list where it is not; a file comes whole or not at all."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from voiceguide.cache import Cache
from voiceguide.cli import main
from voiceguide.engines import Reading
from voiceguide.engines.fetching import Download, fetch
from voiceguide.engines.kokoro import WEIGHTS, Engine
from voiceguide.errors import SpeechError
from voiceguide.shipped import user_folder
from voiceguide.speech import Cast

ENGINES = {"kokoro": "voiceguide.engines.kokoro:open_engine", "pyttsx3": "faulty_engine:open_engine"}
"""A stand-in speaks Italian in the place of the system's voices: which those are is another test's."""
PACKAGES = ("kokoro_onnx", "phonemizer", "espeakng_loader")
BODY = bytes(range(256)) * 2000


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages it asks for, by name and version alone."""
    for name in PACKAGES:
        (tmp_path / f"{name}-9.0.dist-info").mkdir()
        (tmp_path / f"{name}-9.0.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 9.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def put_weights_here() -> None:
    """Files of the right size that take no space."""
    user_folder("voices").joinpath("kokoro").mkdir(parents=True)
    for download in WEIGHTS:
        with (user_folder("voices") / "kokoro" / download.name).open("wb") as file:
            file.truncate(download.size)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "model.bin").write_bytes(BODY)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def model(server: str, **other: object) -> Download:
    known = {"url": f"{server}/model.bin", "size": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}
    return Download(**(known | other))  # type: ignore[arg-type]  # a test's own mixture


def test_it_speaks_a_language_of_its_own_once_its_voices_were_fetched(installed: None, tmp_path: Path) -> None:
    with Cast(Cache(tmp_path), engines=ENGINES) as cast:
        assert cast.resolve(None, "it").name == "pyttsx3:carla"
    put_weights_here()
    with Cast(Cache(tmp_path), engines=ENGINES) as cast:
        assert cast.resolve(None, "it").name == "kokoro:if_sara"
        assert cast.resolve(None, "fr-CA").name == "kokoro:ff_siwis"
        assert cast.resolve(None, "es").name == "kokoro:ef_dora"
        assert cast.resolve("kokoro", "en-GB").name == "kokoro:bf_emma"
        with pytest.raises(SpeechError, match="'pyttsx3' does not speak 'de'"):  # the stand-in can't, and Kokoro can't
            cast.resolve(None, "de")


def test_a_voice_that_is_not_here_says_how_to_get_it(installed: None, tmp_path: Path) -> None:
    with Cast(Cache(tmp_path), engines=ENGINES) as cast:
        assert {voice.fetch for voice in cast.voices("kokoro")} == {"voiceguide voices --fetch kokoro"}
    with pytest.raises(SpeechError, match="have not been downloaded") as caught:
        Engine().speak(Reading(parts=("Ciao.",), language="it", voice="if_sara", speed=1.0))
    assert caught.value.hint == "get them with: voiceguide voices --fetch kokoro"


def test_half_a_model_is_none(installed: None) -> None:
    put_weights_here()
    (user_folder("voices") / "kokoro" / WEIGHTS[0].name).write_bytes(b"half")
    assert all(voice.fetch for voice in Engine().voices())


def test_its_fingerprint_tells_packages_and_model_apart(installed: None) -> None:
    before = Engine().fingerprint()
    put_weights_here()
    assert before == "kokoro-onnx 9.0, phonemizer 9.0, espeakng-loader 9.0, no model yet"
    assert Engine().fingerprint().endswith(WEIGHTS[0].sha256[:16])


@pytest.mark.skipif(find_spec("kokoro_onnx") is not None, reason="the extra `kokoro` is installed here")
def test_where_it_is_not_installed_it_is_a_line_and_the_others_speak(tmp_path: Path) -> None:
    put_weights_here()
    with Cast(Cache(tmp_path), engines=ENGINES) as cast:
        assert cast.resolve(None, "it").name == "pyttsx3:carla"
        assert "pip install 'voiceguide[kokoro]'" in str(cast.listing()[0].trouble)


def test_a_file_is_fetched_whole_and_only_once(server: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    fetch(model(server), tmp_path / "voices", lambda *counted: told.append(counted))
    assert (tmp_path / "voices" / "model.bin").read_bytes() == BODY
    assert told == sorted(told)
    assert told[-1] == (len(BODY), len(BODY))
    (tmp_path / "served" / "model.bin").unlink()
    fetch(model(server), tmp_path / "voices")


def test_a_damaged_file_is_fetched_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x" + BODY[1:])
    fetch(model(server), tmp_path)
    assert (tmp_path / "model.bin").read_bytes() == BODY


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"sha256": "0" * 64}, "is not the file this version knows"),
        ({"size": len(BODY) + 1}, f"only {len(BODY)} of {len(BODY) + 1} bytes"),
        ({"size": len(BODY) - 1}, "is not the file this version knows"),
    ],
    ids=["another sum", "too short", "too long"],
)
def test_what_is_not_the_file_we_know_is_not_kept(
    server: str, tmp_path: Path, other: dict[str, object], why: str
) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"the old one")
    with pytest.raises(SpeechError, match=why):
        fetch(model(server, **other), folder)
    assert [path.read_bytes() for path in folder.iterdir()] == [b"the old one"]


@pytest.mark.parametrize("missing", ["/nothing.bin", ":1/model.bin"], ids=["not found", "nobody answers"])
def test_what_can_t_be_downloaded_says_so_and_where_to_put_it(server: str, tmp_path: Path, missing: str) -> None:
    url = server + missing if missing.startswith("/") else f"http://127.0.0.1{missing}"
    with pytest.raises(SpeechError, match="can't be downloaded") as caught:
        fetch(model(server, url=url), tmp_path / "voices")
    assert str(tmp_path / "voices") in str(caught.value.hint)
    assert not list(tmp_path.glob("voices/*"))


def test_the_command_says_in_one_sentence_that_there_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    result = CliRunner().invoke(main, ["voices", "--fetch", "kokoro"])
    assert result.exit_code == 1
    assert "can't be downloaded" in result.stderr
    assert "this needs the network, once; or put the file there yourself" in result.stderr


@pytest.mark.engine
def test_it_speaks_italian_and_twice_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kokoro_onnx", reason="the extra `kokoro` is not installed")
    monkeypatch.delenv("VOICEGUIDE_HOME")
    if any(voice.fetch for voice in Engine().voices()):
        pytest.skip("its voices were not fetched: voiceguide voices --fetch kokoro")
    engine = Engine()
    reading = Reading(parts=("Lascia andare il peso.",), language="it", voice="if_sara", speed=0.6)
    samples, rate_hz = engine.speak(reading)
    again, _ = engine.speak(reading)
    assert rate_hz == 24_000
    assert 1.0 < len(samples) / rate_hz < 5.0
    assert (samples == again).all()
