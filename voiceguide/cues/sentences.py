"""A text -> its sentences, as a reader of its language would end them."""

import re

import sentencex

_ABBREVIATIONS = {
    "de": "abb bzw ca d.h dr evtl fr ggf hr inkl nr prof st u.a vgl z.b",
    "en": "approx capt dr e.g fig gen i.e mr mrs ms mt prof rev st vs",
    "es": "d dr dra dña núm p.ej pág prof profa sr sra sres srta",
    "fr": "av cf dr env m me mlle mlles mm mme mmes p.ex pr st ste",
    "it": "avv dott dott.ssa es ing n pag prof prof.ssa s sig sig.na sig.ra sigg ss",
}
"""Never the end of a sentence. `sentencex` knows most of them, and splits after these."""

_BEFORE_ORDINALS = " ab am beim das dem den der des die dieser im jede jeden jeder seit vom zum zur "
"""In German "der 1. Punkt" goes on, where "zähle bis 10. Dann …" has ended."""

_QUOTES = '"”»)\N{RIGHT SINGLE QUOTATION MARK}'
_MISSED = re.compile(rf"(?:…|\.\.\.|[.!?…][{_QUOTES}]+)\s+(?=[¿¡\"“„«(]*(\w))")
"""Ends that `sentencex` runs over, if a capital follows: after an ellipsis, and after a closing bracket or quote."""

_INITIAL = re.compile(r"[^\W\d_]\.")
_CLOSING = re.compile(rf"[.!?…][{_QUOTES}]\s*$")


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Give where each sentence starts and ends, without the space around it."""
    base = language.partition("-")[0]
    found, start = [], 0
    for end in _candidates(text, base):
        if end == len(text) or _is_end(text[start:end], text[end:], base):
            found.append((start, end))
            start = end
    return [_stripped(text, start, end) for start, end in found if text[start:end].strip()]


def _candidates(text: str, language: str) -> list[int]:
    ends, end = {len(text)}, 0
    for sentence in sentencex.segment(language, text):
        end += len(sentence)
        ends.add(end)
    ends |= {missed.end() for missed in _MISSED.finditer(text) if missed[1].isupper()}
    return sorted(ends)


def _is_end(sentence: str, rest: str, language: str) -> bool:
    words = sentence.split()
    following = rest.lstrip(' \t"“„«(¿¡')[:1]
    if not words:
        return False
    last = words[-1].lstrip('("“„«¿¡')
    if last.endswith(".") and last.rstrip(".").casefold() in _ABBREVIATIONS.get(language, "").split():
        return False
    if re.fullmatch(r"\d{1,3}\.", last):
        return not _is_ordinal(words, following, language)
    if _INITIAL.fullmatch(last) and last[0].isupper():
        return language == "en" and len(words) > 1
    return not (_CLOSING.search(sentence) and following.islower())


def _is_ordinal(words: list[str], following: str, language: str) -> bool:
    """Tell "1. Breathe in", "im 3. Monat" and "the 3. time" from "count to 10. Then rest."."""
    if len(words) == 1 or following.islower():
        return True
    return language == "de" and f" {words[-2].casefold()} " in _BEFORE_ORDINALS


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
