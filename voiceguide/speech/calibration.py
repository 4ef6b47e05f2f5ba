"""A voice reading a fixed passage -> its level, its sibilants and its real words a minute."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from voiceguide.engines import FASTEST, SLOWEST
from voiceguide.errors import SpeechError
from voiceguide.levels import RATE, Samples, filtered
from voiceguide.speech.sibilance import softened, softening
from voiceguide.speech.treatment import gain_to_target

SPEEDS = (SLOWEST, 0.6, 1.0)
"""Where a voice is measured: around calm speech; beyond, time goes on in proportion to 1 / speed."""

_MOST_STRETCH = 2.0

# Read as fast as a session's 60 lines (478 words), within 2 % by both hibari and eSpeak; in German, Italian by eSpeak.
# Even sentences alone, without one as short as the second, were read 9 to 15 % faster; more sentences only took longer.
_PASSAGES = {
    "en": ("Now let your attention move slowly down your back.", "And out, letting your weight spread."),
    "de": ("Nun geht die Aufmerksamkeit langsam den Rücken hinab.", "Und aus, und das Gewicht darf sinken."),
    "it": ("Ora lascia scendere piano l'attenzione giù per la schiena.", "E fuori, lasciando andare il peso."),
    "fr": (
        "Laisse maintenant ton attention descendre lentement le long du dos.",
        "Et souffle, en laissant aller le poids.",
    ),
    "es": ("Ahora deja que la atención baje despacio por la espalda.", "Y fuera, soltando el peso."),
    "pt": ("Agora deixa a atenção descer devagar pelas costas.", "E fora, soltando o peso."),
    "nl": ("Laat je aandacht nu langzaam langs je rug naar beneden gaan.", "En uit, laat je gewicht zakken."),
    "sv": ("Låt nu din uppmärksamhet vandra långsamt nedför ryggen.", "Och ut, låt tyngden sjunka."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was measured of a voice."""

    gain_db: float
    """Brings its calm speech to the target loudness."""
    softer_db: tuple[float, ...]
    """Of its bands from 4 to 10 kHz; empty where none stands out."""
    word_ms: tuple[float, ...]
    """A word's time at each of `SPEEDS`, silence between sentences left out."""
    letters: float
    """Letters in a word of the passage."""
    rate_hz: float
    """At which the engine gives its sound: at another it would be a voice of another pitch."""
    fades: bool
    """Whether its sentences fade at their ends, as a voice's do: one that breaks off was cut."""

    def pace(self, words_a_minute: float, name: str) -> tuple[float, float]:
        """Give the engine's speed for a real rate, and how much its sound must be stretched where it can't go so slow.

        Raises SpeechError for a rate the voice can't reach.
        """
        if any(slower <= faster for slower, faster in pairwise(self.word_ms)):
            raise SpeechError(f"the voice '{name}' does not change its pace", hint="use another voice")
        wanted_ms, slowest_ms = 60_000 / words_a_minute, self.word_ms[0]
        stretch, speed = wanted_ms / slowest_ms, self._speed(wanted_ms)
        if stretch > _MOST_STRETCH or speed > FASTEST:
            slowest, fastest = 60_000 / (slowest_ms * _MOST_STRETCH), 60_000 / self._time(FASTEST)
            raise SpeechError(
                f"the voice '{name}' can't speak {words_a_minute:.0f} words a minute",
                hint=f"it reaches from {math.ceil(slowest)} to {math.floor(fastest)}",
            )
        return round(max(SLOWEST, speed), 3), round(max(1.0, stretch), 3)

    def seconds(self, letters: float, words_a_minute: float) -> float:
        """Estimate how long so many letters take: to judge a clip by, never to time a session."""
        return letters / self.letters * 60 / words_a_minute

    def _speed(self, word_ms: float) -> float:
        return 1 / max(1e-6, self._line(word_ms, self.word_ms, tuple(1 / speed for speed in SPEEDS)))

    def _time(self, speed: float) -> float:
        return self._line(1 / speed, tuple(1 / speed for speed in SPEEDS), self.word_ms)

    @staticmethod
    def _line(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
        """Read a value off the broken line through the points, its ends drawn on. `xs` fall."""
        corners = list(pairwise(zip(xs, ys, strict=True)))
        (x0, y0), (x1, y1) = next((pair for pair in corners if x >= pair[1][0]), corners[-1])
        return y0 + (x - x0) * (y1 - y0) / (x1 - x0)


def passage(language: str) -> tuple[str, ...]:
    """Give calm sentences in a language; English where there are none, read by the language's own voice."""
    return _PASSAGES.get(language.lower().partition("-")[0], _PASSAGES["en"])


def usual_seconds(letters: float, language: str, words_a_minute: float) -> float:
    """Estimate how long so many letters take any voice of a language, as no voice was measured for them yet."""
    text = " ".join(passage(language))
    return letters * len(text.split()) / sum(map(str.isalpha, text)) * 60 / words_a_minute


def calibration(clean: Sequence[Sequence[Samples]], language: str, rate_hz: float, *, fades: bool) -> Calibration:
    """Measure a voice from its clean clips of the passage, at each of `SPEEDS`."""
    text = " ".join(passage(language))
    words = len(text.split())
    times = tuple(round(sum(map(len, clips)) / RATE * 1000 / words, 1) for clips in clean)
    calm = np.concatenate(clean[1])
    softer_db = softening(calm)
    return Calibration(
        gain_db=gain_to_target(filtered(calm, softened(softer_db)) if softer_db else calm),
        softer_db=softer_db,
        word_ms=times,
        letters=sum(map(str.isalpha, text)) / words,
        rate_hz=rate_hz,
        fades=fades,
    )


def packed(calibration: Calibration) -> bytes:
    """Write a calibration for the cache."""
    return json.dumps(asdict(calibration)).encode()


def unpacked(body: bytes) -> Calibration:
    """Read what `packed` wrote."""
    fields = json.loads(body)
    return Calibration(**fields | {name: tuple(fields[name]) for name in ("softer_db", "word_ms")})
