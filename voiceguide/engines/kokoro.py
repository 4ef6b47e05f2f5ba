"""A reading -> Kokoro's natural voices for Italian, French, Spanish and more, by a model of 120 MB the user downloads.

Measured: a core needs 1.2 s for a second of speech, so it takes longer to say a line than to hear it, once; the same
bytes for the same text; 480 MB of memory a process. Of ten sentences each of ours, in Italian, French and Spanish, a
recogniser (Whisper base) heard 91, 88 and 96 % of the words right; of eSpeak's 60, 35 and 74 %.

Piper is some eight times as fast and has German voices too. Not chosen: many of its voices grew out of `lessac`, whose
recordings are for research only (k2-fsa/sherpa-onnx issue 3947), and no package has one of these languages to try.
"""

from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide import shipped
from voiceguide.engines import Reading, Voice
from voiceguide.engines.fetching import Download, fetch
from voiceguide.errors import SpeechError, to_install
from voiceguide.levels import Samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from kokoro_onnx import Kokoro

_RELEASE = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"
_MODEL = Download(
    url=f"{_RELEASE}/kokoro-v1.0.int8.onnx",
    size=92_361_271,
    sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
)
_STYLES = Download(
    url=f"{_RELEASE}/voices-v1.0.bin",
    size=28_214_398,
    sha256="bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
)
WEIGHTS = (_MODEL, _STYLES)
"""Kokoro-82M, by hexgrad; Apache-2.0, trained on recordings that allow it."""

FETCH = "voiceguide voices --fetch kokoro"

_LANGUAGES = {
    "a": ("en-US", "American English"),
    "b": ("en-GB", "British English"),
    "e": ("es", "Spanish"),
    "f": ("fr-FR", "French"),
    "i": ("it", "Italian"),
    "p": ("pt-BR", "Brazilian Portuguese"),
}
"""By the first letter of a voice's name. It has Hindi, Japanese and Chinese too, which were not tried here, and no
German."""
_VOICES = (
    *("if_sara", "im_nicola", "ff_siwis", "ef_dora", "em_alex", "pf_dora", "pm_alex"),
    *("af_heart", "af_bella", "am_michael", "am_fenrir", "bf_emma", "bm_george"),
)
"""For each language the best first; of English, those that hexgrad's own list calls best."""

_BRISK = 1.25
"""Its own speed goes from 0.5, which is this times our slowest, to 2."""
_FASTEST = 2.0


def open_engine() -> "Engine":
    return Engine()


def fetch_weights(progress: "Callable[[str, int, int], None]" = lambda *_: None) -> Path:
    """Download what it speaks with, and give the folder. Tells its stage, and bytes of so many. Raises SpeechError."""
    for download in WEIGHTS:
        fetch(download, _folder(), partial(progress, download.name))
    return _folder()


class Engine:
    """Keeps the model once it was used; all voices share it."""

    def __init__(self) -> None:
        self._model: Kokoro | None = None

    def voices(self) -> tuple[Voice, ...]:
        missing = None if _is_here() else FETCH
        return tuple(_voice(name, missing) for name in _VOICES)

    def speak(self, reading: Reading) -> tuple[Samples, int]:
        self._model = self._model or _load()
        samples, rate_hz = self._model.create(
            reading.text,
            voice=reading.voice,
            speed=min(_FASTEST, _BRISK * reading.speed),
            lang=_language(reading.voice).lower(),
            trim=False,
        )
        return samples, rate_hz

    def fingerprint(self) -> str:
        """Name the packages, one of which says how words are said, and the model, by the sum it was checked against."""
        try:
            packages = [f"{name} {version(name)}" for name in ("kokoro-onnx", "phonemizer", "espeakng-loader")]
        except PackageNotFoundError as error:
            raise SpeechError("Kokoro is not installed here", hint=to_install("voiceguide[kokoro]")) from error
        model = _MODEL.sha256[:16] if _is_here() else "no model yet"
        return ", ".join([*packages, model])

    def close(self) -> None:
        self._model = None


def _voice(name: str, missing: str | None) -> Voice:
    language, called = _LANGUAGES[name[0]]
    gender = {"f": "female", "m": "male"}[name[1]]
    title = f"{name.partition('_')[2].title()}, {called}, {gender}, natural"
    return Voice(name=name, language=language, title=title, fetch=missing)


def _language(voice: str) -> str:
    return _LANGUAGES[voice[0]][0]


def _load() -> "Kokoro":
    """Load the model for one thread, as there is a process for each core, and on the CPU, whose sums are repeatable."""
    if not _is_here():
        raise SpeechError("Kokoro's voices have not been downloaded", hint=f"get them with: {FETCH}")
    from kokoro_onnx import Kokoro  # noqa: PLC0415  -- seconds, which listing the voices need not pay
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415

    options = SessionOptions()
    options.intra_op_num_threads = 1
    session = InferenceSession(str(_folder() / _MODEL.name), options, providers=["CPUExecutionProvider"])
    return Kokoro.from_session(session, str(_folder() / _STYLES.name))


def _folder() -> Path:
    return shipped.user_folder("voices") / "kokoro"


def _is_here() -> bool:
    return all(download.is_in(_folder()) for download in WEIGHTS)
