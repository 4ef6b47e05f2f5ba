"""The translations we ship, as their listeners meet them: as long and as safe as their originals, in one language.

Nothing is spoken here: how long words take is reckoned, as in test_sessions. A language is a row of `TONGUES`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from test_sessions import FASTEST, KNOWN, SLOWEST, Session, laid_out, made, source

from voiceguide.cues import Mark, Say, opened
from voiceguide.errors import ScriptError
from voiceguide.points import table
from voiceguide.script import Source, read_script
from voiceguide.shipped import folder
from voiceguide.translations import first_difference

WAYS: Mapping[str, tuple[tuple[float, dict[str, str]], ...]] = {
    "back-on-mat": ((8, {"safety": "short"}), (10, {}), (30, {})),
    "lower-back-points": (
        (8, {"safety": "short"}),
        (10, {}),
        (20, {"pregnant": "yes"}),
        (20, {"points": "BL23, GV4, BL25, BL52, BL40, BL57, KI3", "each": "30s"}),
    ),
    "silence-bells": (
        (10, {"safety": "short"}),
        (15, {"every": "1m"}),
        (31, {"mat": "yes"}),
        (60, {"pregnant": "yes"}),
    ),
    "sleep": ((30, {"safety": "short"}), (45, {"mat": "no"}), (60, {}), (60, {"pregnant": "yes"})),
}
"""For how many minutes and with which values each is made: shortest and longest, and every value once."""
ENGLISH = r"the|and|your?|with|of|breath|let|now|when|this|which"
"""Words that are none in the other languages."""
ANY = ("not a treatment", "stopping", "driving")
HANDS = (*ANY, "a doctor", "pregnancy", "blood thinners", "skin")
MAT = (*HANDS, "heart", "pacemaker", "blood pressure", "epilepsy", "diabetes", "feeling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """What a language's texts are held to: patterns, in small and capital letters as they are."""

    minutes: str
    """As after a number above one."""
    one_minute: str
    familiar: str
    """What is only said to someone who is addressed in the familiar way; whole words."""
    formal: str
    safety: Mapping[str, str]
    """A pattern for each topic."""


TONGUES: Mapping[str, Tongue] = {
    "de": Tongue(
        minutes="Minuten",
        one_minute="1 Minute",
        familiar=r"[Dd](u|ich|ir|ein\w*)|[a-zß]+st du|(Lass|Leg|Setz|Stell|Roll|Bleib|Schieb|Fühl|Atme|Reib|Spüre|Sei)",
        formal=r"Sie|Ihnen|Ihr\w*",
        safety={
            "not a treatment": r"keine medizinische Behandlung",
            "stopping": r"jederzeit aufhören",
            "driving": r"beim Autofahren",
            "a doctor": r"vorher ärztlichen Rat",
            "pregnancy": r"Schwangerschaft",
            "blood thinners": r"Blutverdünnern",
            "skin": r"verletzter oder entzündeter Haut",
            "heart": r"Herzbeschwerden",
            "pacemaker": r"Herzschrittmacher",
            "blood pressure": r"hohem oder niedrigem Blutdruck",
            "epilepsy": r"Epilepsie",
            "diabetes": r"Diabetes",
            "feeling": r"vermindertem Gefühl in der Haut",
        },
    ),
    "es": Tongue(
        minutes="minutos",
        one_minute="cada minuto",
        familiar=r"[Tt]ú|[Tt][ei]|tus?|[Pp]uedes|[Ii]nspira|[Ee]spira|Siente|Dobla|Mueve|Deja|Consulta|Siéntate|duermas",
        formal=r"usted|[Ii]nspire|[Ee]spire|Sienta|Doble|Mueva|Deje|Consulte|Siéntese|Póngase|Se arrodilla|duerma",
        safety={
            "not a treatment": r"no un tratamiento médico",
            "stopping": r"parar en cualquier momento",
            "driving": r"nunca al volante",
            "a doctor": r"antes con un médico",
            "pregnancy": r"embarazo",
            "blood thinners": r"anticoagulantes",
            "skin": r"la piel tiene .*heridas o inflamación",
            "heart": r"problemas de corazón",
            "pacemaker": r"marcapasos",
            "blood pressure": r"presión arterial alta o baja",
            "epilepsy": r"epilepsia",
            "diabetes": r"diabetes",
            "feeling": r"la piel tiene poca sensibilidad",
        },
    ),
    "fr": Tongue(
        minutes="minutes",
        one_minute="1 minute",
        familiar=r"[Tt]u|[Tt]e|toi|ton|ta|tes|[Tt]'\w+|[Ii]nspire|[Ee]xpire",
        formal=r"[Vv]ous|[Vv]otre|(?!nez\b|assez\b)\w+ez",
        safety={
            "not a treatment": r"pas un soin médical",
            "stopping": r"arrêter à tout moment",
            "driving": r"jamais au volant",
            "a doctor": r"d'abord l'avis d'un médecin",
            "pregnancy": r"grossesse",
            "blood thinners": r"anticoagulants",
            "skin": r"la peau est .*blessée ou irritée",
            "heart": r"problèmes de cœur",
            "pacemaker": r"pacemaker",
            "blood pressure": r"tension haute ou basse",
            "epilepsy": r"épilepsie",
            "diabetes": r"diabète",
            "feeling": r"la peau est peu sensible",
        },
    ),
    "it": Tongue(
        minutes="minuti",
        one_minute="ogni minuto",
        familiar=r"[Tt]u|[Tt][ei]|[Pp]uoi|[Ii]nspira|[Ee]spira|Senti|Piega|Muovi|Lascia|Chiedi|Siediti|Dormi",
        formal=r"Lei|(?<=\w )L[ae]|[Ii]nspiri|[Ee]spiri|Senta|Pieghi|Muova|Lasci|Chieda|Si (sieda|inginocchia)|Dorma",
        safety={
            "not a treatment": r"non una cura medica",
            "stopping": r"smettere in qualsiasi momento",
            "driving": r"mai alla guida",
            "a doctor": r"prima al medico",
            "pregnancy": r"gravidanza",
            "blood thinners": r"anticoagulanti",
            "skin": r"una pelle .*ferita o infiammata",
            "heart": r"disturbi al cuore",
            "pacemaker": r"pacemaker",
            "blood pressure": r"pressione alta o bassa",
            "epilepsy": r"epilessia",
            "diabetes": r"diabete",
            "feeling": r"una pelle poco sensibile",
        },
    ),
}
TRANSLATIONS = [(language, name) for language in TONGUES for name in WAYS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A translation, made in one way."""

    language: str
    address: str
    session: Session
    original: Session

    @property
    def tongue(self) -> Tongue:
        return TONGUES[self.language]

    @property
    def texts(self) -> list[str]:
        """All that is said, and the chapters' titles."""
        titles = [cue.title for cue in self.session.cues if isinstance(cue, Mark)]
        return [*self.session.sentences, *titles]


@cache
def translation(language: str, name: str) -> Source:
    return read_script(folder("scripts") / language / f"{name}.md", KNOWN)


@cache
def original(name: str, way: int) -> Session:
    minutes, values = WAYS[name][way]
    return made(source(name), minutes, values)


def in_every_way(language: str, name: str) -> Iterator[Heard]:
    """Make a translation in every way, for the one address and the other in turn; the longest for both."""
    longest = max(range(len(WAYS[name])), key=lambda way: WAYS[name][way][0])
    for way, (minutes, values) in enumerate(WAYS[name]):
        for number, address in enumerate(("familiar", "formal")):
            if way == longest or way % 2 == number:
                session = made(translation(language, name), minutes, values | {"address": address})
                yield Heard(language=language, address=address, session=session, original=original(name, way))


# --- the rules: each gives what is wrong with a translation -------------------------------------------------------

Rule = Callable[[Heard], Iterator[str]]


def it_has_its_originals_chapters_lines_and_silences(heard: Heard) -> Iterator[str]:
    if difference := first_difference(heard.original.cues, heard.session.cues):
        yield difference.explain()


def its_words_have_room_whoever_speaks(heard: Heard) -> Iterator[str]:
    for words_a_minute in (SLOWEST, FASTEST):
        timeline = laid_out(heard.session.cues, words_a_minute, None)
        if not timeline.shortest <= heard.session.minutes * 60_000 <= timeline.longest:
            yield f"it lasts {timeline.shortest} to {timeline.longest} ms at {words_a_minute} words a minute"


def every_word_of_safety_is_said_first_of_all(heard: Heard) -> Iterator[str]:
    values = dict(heard.session.values)
    mat = {"back-on-mat": True, "sleep": values.get("mat") != "no" and "pregnant" not in values}
    on_the_mat = mat.get(heard.session.name, values.get("mat") == "yes")
    topics = MAT if on_the_mat else HANDS if heard.session.name == "lower-back-points" else ANY
    first = safety_words(heard.session)
    yield from (topic for topic in topics if not re.search(heard.tongue.safety[topic], first, re.IGNORECASE))


def safety_words(session: Session) -> str:
    """Give what the first chapter says at full level."""
    marks = [number for number, cue in enumerate(session.cues) if isinstance(cue, Mark)]
    first = opened(session.cues[: marks[1]])
    return " ".join(cue.utterance.text for cue in first if isinstance(cue, Say) and cue.safety)


def an_address_is_kept_throughout(heard: Heard) -> Iterator[str]:
    own, other = heard.tongue.familiar, heard.tongue.formal
    if heard.address == "formal":
        own, other = other, own
    yield from (text for text in heard.texts if re.search(rf"\b({other})\b", text))
    if not any(re.search(rf"\b({own})\b", text) for text in heard.texts):
        yield f"nobody is addressed in the {heard.address} way"


def no_english_is_left(heard: Heard) -> Iterator[str]:
    yield from (text for text in heard.texts if re.search(rf"\b({ENGLISH})\b", text, re.IGNORECASE))


def it_says_how_long_it_lasts(heard: Heard) -> Iterator[str]:
    if f"{heard.session.minutes:g} {heard.tongue.minutes}" not in " ".join(heard.session.sentences[:3]):
        yield " ".join(heard.session.sentences[:3])


def one_minute_is_one(heard: Heard) -> Iterator[str]:
    if ("every", "1m") in heard.session.values and heard.tongue.one_minute not in heard.session.text:
        yield heard.session.text


RULES: tuple[Rule, ...] = (
    it_has_its_originals_chapters_lines_and_silences,
    its_words_have_room_whoever_speaks,
    every_word_of_safety_is_said_first_of_all,
    an_address_is_kept_throughout,
    no_english_is_left,
    it_says_how_long_it_lasts,
    one_minute_is_one,
)


@pytest.mark.parametrize(
    ("language", "name"),
    [pytest.param(*one, marks=() if one == ("de", "sleep") else pytest.mark.long) for one in TRANSLATIONS],
)
def test_a_translation_keeps_every_rule(language: str, name: str) -> None:
    complaints = [
        f"{heard.session} {rule.__name__}: {complaint}"
        for heard in in_every_way(language, name)
        for rule in RULES
        for complaint in rule(heard)
    ]
    assert complaints == []


def test_the_rules_notice_what_breaks_them() -> None:
    minutes, values = WAYS["silence-bells"][1]
    english = Heard(
        language="de",
        address="formal",
        session=made(source("silence-bells"), minutes, values),
        original=original("sleep", 0),
    )
    silent = [rule.__name__ for rule in RULES if not list(rule(english))]
    assert silent == ["its_words_have_room_whoever_speaks"]


@pytest.mark.parametrize("language", TONGUES)
def test_the_mat_is_refused_in_pregnancy_in_the_scripts_own_words(language: str) -> None:
    with pytest.raises(ScriptError) as refusal:
        made(translation(language, "back-on-mat"), 10, {"pregnant": "yes"})
    assert "lower-back-points" in str(refusal.value.hint)
    assert not re.search(rf"\b({ENGLISH})\b", refusal.value.message)


@pytest.mark.parametrize("language", TONGUES)
def test_every_point_that_may_be_chosen_has_its_words(language: str) -> None:
    chosen = next(one for one in source("lower-back-points").parameters if one.name == "points").choices
    english, translated = table(), table(language)
    for code in chosen:
        assert translated[code].place not in {None, english[code].place}
        assert translated[code].area not in {None, english[code].area}


@pytest.mark.parametrize(("language", "name"), TRANSLATIONS)
def test_a_translation_awaits_a_native_reader_and_says_so(language: str, name: str) -> None:
    translated = translation(language, name)
    assert not translated.reviewed
    assert translated.language == language
    assert translated.original == folder("scripts") / f"{name}.md"
    assert {one.name for one in translated.parameters} == {one.name for one in source(name).parameters} | {"address"}


def test_every_translation_there_is_is_held_to_this() -> None:
    shipped = folder("scripts").glob("[a-z][a-z]/*.md")
    assert {(path.parent.name, path.stem) for path in shipped} == set(TRANSLATIONS)
