"""What goes wrong and what people try, row by row, and the tests that say what then happens.

A row's number is for good. What stands after a file is a test's name, or a case's title in `cases/`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from voiceguide.errors import ScriptError
from voiceguide.script import Known, expand, plain, read_script

TESTS = Path(__file__).parent
KNOWN = Known(chimes=(), voices=())


@dataclass(frozen=True, slots=True)
class Row:
    expected: str
    tests: tuple[str, ...] = ()
    why_none: str = ""
    """Why it can't happen here, where it has no tests."""


TEMPLATE = {
    1: Row("{{ 'a' * 10**9 }}: refused", ("cases/safety.md: A text a thousand million times",)),
    2: Row("the same where it is never reached: harmless", ("cases/safety.md: The same where it is never reached",)),
    3: Row("10 ** (10 ** 8): refused", ("cases/safety.md: A very large number",)),
    4: Row("loops in loops: stopped", ("test_child.py: test_what_takes_too_long_is_stopped_and_shown_at_its_tag",)),
    5: Row("a range too long: refused", ("cases/safety.md: A long range",)),
    6: Row("a macro that doubles: stopped", (
        "test_child.py: test_what_takes_too_long_is_stopped_and_shown_at_its_tag",
        "test_child.py: test_what_can_not_be_stopped_is_ended",
    )),
    7: Row("a template in itself: told as a chain", (
        "cases/safety.md: A part that includes itself",
        "cases/safety.md: Two parts that include each other",
        "cases/safety.md: A macro that calls itself",
    )),
    8: Row("text that doubles: refused in little room", (
        "test_child.py: test_what_becomes_too_large_is_refused_with_its_line_and_the_next_is_none_the_worse",
    )),
    9: Row("filters and methods that grow: not there", ("test_script.py: test_a_template_stays_in_its_box",)),
    10: Row("a list that is added to: refused", ("cases/safety.md: A list that is added to",)),
    11: Row("much in small pieces: counted", ("cases/safety.md: Much text",)),
    12: Row("very many tags: refused", ("test_script.py: test_very_many_tags_are_refused",)),
    13: Row("ways into Python: refused, never empty text", (
        "test_script.py: test_a_template_stays_in_its_box",
        "test_script.py: test_the_template_engine_is_one_without_known_holes",
    )),
    14: Row("code in a template's name: a name is only that", (
        "test_script.py: test_parts_are_named_not_reached_by_paths",
        "test_faults.py: test_a_scripts_own_name_is_never_code",
    )),
    15: Row("deep nesting: told in words", ("test_script.py: test_deep_nesting_is_an_error_in_words",)),
}  # fmt: skip

FRONT_MATTER = {
    16: Row("a billion laughs: no anchors", (
        "cases/front_matter.md: An anchor", "cases/front_matter.md: An alias",
        "test_faults.py: test_a_billion_laughs_are_refused_at_the_first",
    )),
    17: Row("merge keys: no name", (
        "cases/front_matter.md: A merge key", "test_faults.py: test_a_billion_laughs_are_refused_at_the_first",
    )),
    18: Row("a key twice: both lines named", ("cases/front_matter.md: A key twice",)),
    19: Row("very deep: refused", ("test_script.py: test_very_deep_nesting_is_refused",)),
    20: Row("tags: refused", ("cases/front_matter.md: A tag",)),
    21: Row("text stays text", ("test_faults.py: test_what_looks_like_something_else_stays_text",)),
    22: Row("very large: refused before it is read", (
        "test_script.py: test_a_very_long_front_matter_is_refused",
        "test_script.py: test_a_front_matter_of_many_values_is_refused_quickly",
    )),
    23: Row("escapes of what can't be seen: refused", (
        "cases/front_matter.md: A lone surrogate", "cases/front_matter.md: A zero",
    )),
    24: Row("a NUL: refused where it stands", (
        "test_script.py: test_characters_that_cannot_be_seen_are_shown_where_they_stand",
    )),
    25: Row("a number of 5,000 digits: refused", ("test_faults.py: test_a_number_of_5000_digits_is_refused",)),
}  # fmt: skip

FILES = {
    26: Row("parts by paths: refused", ("test_script.py: test_parts_are_named_not_reached_by_paths",)),
    27: Row("links: never out of a folder", (
        "test_script.py: test_a_link_does_not_lead_out_of_the_parts",
        "test_sounds.py: test_a_link_that_leads_out_or_nowhere_is_refused",
        "test_sounds.py: test_a_linked_folder_is_not_followed",
    )),
    28: Row("a pipe, a device, a folder: refused at once", (
        "test_script.py: test_a_pipe_is_refused_at_once", "test_sounds.py: test_a_pipe_is_refused_at_once",
        "test_sounds.py: test_a_folder_is_refused",
    )),
    29: Row("a playlist called .wav: no sound", ("test_sounds.py: test_a_playlist_in_disguise_plays_nothing",)),
    30: Row("the same, with ffmpeg: its format is forced", (
        "test_sounds.py: test_a_playlist_in_disguise_plays_nothing",
    )),
    31: Row("a playlist of the network: no sound", ("test_sounds.py: test_a_playlist_in_disguise_plays_nothing",)),
    32: Row("a list of ffmpeg's: no sound", ("test_sounds.py: test_a_playlist_in_disguise_plays_nothing",)),
    33: Row("a sound called http://…: no name", ("test_sounds.py: test_no_name_leads_out_of_the_folders",)),
    34: Row("hours of silence: refused in little room", (
        "test_sounds.py: test_an_hour_of_silence_is_refused_in_little_room",
    )),
    35: Row("a FLAC that lies: read as long as it is", (
        "test_sounds.py: test_a_flac_that_lies_about_its_length_is_read_as_long_as_it_is_or_refused",
    )),
    36: Row("impossible WAVs: refused", (
        "test_sounds.py: test_a_wav_with_an_impossible_header_is_refused",
        "test_sounds.py: test_a_wav_that_claims_four_gigabytes_is_as_long_as_it_is",
    )),
}  # fmt: skip

SPEECH = {
    37: Row("markup for an engine: refused in a script, never parsed", (
        "cases/safety.md: HTML in a text is refused",
        "test_pronunciation.py: test_no_text_holds_markup_or_control_characters",
        "test_engines.py: test_markup_that_reaches_espeak_all_the_same_plays_runs_and_stops_nothing",
    )),
    38: Row("a command in a file's name: no engine opens a file", (
        "test_pronunciation.py: test_nothing_reaches_an_engine_as_a_command",
        "test_engines.py: test_markup_that_reaches_espeak_all_the_same_plays_runs_and_stops_nothing",
    )),
    39: Row("<break>: only our own pauses", (
        "test_pronunciation.py: test_no_text_holds_markup_or_control_characters",
        "test_engines.py: test_markup_that_reaches_espeak_all_the_same_plays_runs_and_stops_nothing",
    )),
    40: Row("[[phonemes]]: never an engine's", ("test_pronunciation.py: test_nothing_reaches_an_engine_as_a_command",)),
    41: Row("nothing to say: an error", ("test_speech.py: test_a_line_without_words_is_an_error_and_no_gap",)),
    42: Row("a NUL: refused before any engine", (
        "test_script.py: test_characters_that_cannot_be_seen_are_shown_where_they_stand",
    )),
    43: Row("a lone surrogate: the same", ("cases/front_matter.md: A lone surrogate",)),
    44: Row("100,000 characters without a stop: refused", (
        "test_speech.py: test_a_sentence_without_end_is_refused_before_any_engine",
    )),
    45: Row("an unknown voice: never another one", (
        "test_casting.py: test_an_unknown_voice_is_refused_with_the_nearest",
        "test_engines.py: test_pyttsx3_never_speaks_with_another_voice_than_asked",
    )),
    46: Row("an impossible rate: refused", (
        "test_speech.py: test_a_rate_the_voice_cannot_reach_says_what_it_reaches",
        "cases/front_matter.md: A key nobody knows, and a rate too high, and a bad language",
    )),
    47: Row("an engine that writes nothing: told by its samples", (
        "test_speech.py: test_what_goes_wrong_once_is_spoken_by_a_fresh_process",
        "test_speech.py: test_what_goes_wrong_twice_is_named_with_all_other_lines_that_do",
    )),
    48: Row("sentences lost between two: one at a time", (
        "test_engines.py: test_pyttsx3_loses_no_sentence_and_mixes_no_voices",
    )),
    49: Row("an engine in threads: a process each", (
        "test_engines.py: test_pyttsx3_loses_no_sentence_and_mixes_no_voices",
    )),
    50: Row("an engine that fails at random: right, or named", (
        "test_speech.py: test_an_engine_at_fault_every_fifth_time_makes_no_other_recording",
        "test_speech.py: test_an_engine_that_hangs_is_ended_and_asked_again",
        "test_speech.py: test_a_crash_is_told_with_the_engines_last_words",
    )),
    51: Row("a text that begins with -: it is spoken", why_none="no text is ever an argument of a command"),
}  # fmt: skip

CRASHES = {
    52: Row("killed at random: nothing bad under the name", (
        "test_render.py: test_a_killed_run_leaves_nothing_bad_and_the_next_one_is_whole",
        "test_crash.py: test_a_run_that_ends_at_any_moment_leaves_whole_files_and_the_next_is_right",
    )),
    53: Row("the same, of the cache", (
        "test_render.py: test_a_killed_run_leaves_nothing_bad_and_the_next_one_is_whole",
        "test_crash.py: test_a_run_that_ends_at_many_of_its_steps_leaves_whole_files_and_the_next_is_right",
    )),
    54: Row("gone on with: the same bytes", (
        "test_render.py: test_a_killed_run_leaves_nothing_bad_and_the_next_one_is_whole",
        "test_crash.py: test_a_run_that_ends_at_many_of_its_steps_leaves_whole_files_and_the_next_is_right",
    )),
    55: Row("a full disk: what was there stays", (
        "test_crash.py: test_no_caption_is_new_beside_an_old_recording_when_the_disk_is_full",
        "test_formats.py: test_a_full_disk_is_an_error_of_ours_and_leaves_nothing",
        "test_cache.py: test_a_full_or_forbidden_disk_is_an_error_that_says_where_else",
    )),
    56: Row("files limited in size: the same", (
        "test_crash.py: test_a_disk_that_takes_no_more_leaves_the_old_files_and_nothing_else",
    )),
    57: Row("two to one name: one of them, whole", (
        "test_render.py: test_runs_at_once_to_one_name_and_to_another_leave_whole_files",
    )),
    58: Row("a folder that can't be written: told before anything is spoken", (
        "test_render.py: test_a_folder_that_can_not_be_written_is_told_before_anything_is_spoken",
    )),
    59: Row("a flipped bit in the cache: made again, and told", (
        "test_cache.py: test_a_flipped_bit_anywhere_is_a_miss_and_the_entry_goes",
        "test_render.py: test_a_damaged_cache_is_mended_and_the_recording_the_same",
    )),
    60: Row("no power after a rename: the old or the new", (
        "test_files.py: test_a_file_and_its_folder_are_on_the_disk_before_and_after_it_gets_its_name",
    )),
    61: Row("another clock and locale: the same bytes", (
        "test_crash.py: test_neither_clock_nor_zone_nor_locale_changes_a_byte",
    )),
    62: Row("hostile names: safe ones", (
        "test_files.py: test_a_name_becomes_one_that_every_system_takes",
        "test_files.py: test_a_recording_is_named_after_its_script_as_every_system_takes_it",
        "test_studio.py: test_a_name_that_is_no_name_is_refused",
    )),
    63: Row("what killed runs left: swept when it is old", (
        "test_audiofile.py: test_what_a_killed_run_left_is_swept_once_it_is_old",
        "test_cache.py: test_trimming_sweeps_what_a_killed_writer_left_long_ago",
    )),
}  # fmt: skip

RECORDINGS = {
    64: Row("cut in half: found", ("test_verify.py: test_a_recording_cut_in_half_is_found",)),
    65: Row("no true Info frame: never written, and found", (
        "test_audiofile.py: test_the_info_frame_tells_the_truth",
        "test_verify.py: test_what_is_no_mp3_is_a_fault_and_no_crash",
    )),
    66: Row("60 flipped bytes: found and placed", ("test_verify.py: test_sixty_flipped_bytes_are_found_and_placed",)),
    67: Row("impossible chapters: found", (
        "test_verify.py: test_impossible_chapters_are_found",
        "test_verify.py: test_a_chapter_that_the_table_of_contents_does_not_know_is_found",
    )),
    68: Row("silent or clipped: found", (
        "test_verify.py: test_a_muted_line_is_named", "test_verify.py: test_a_clipped_recording_is_found",
    )),
    69: Row("no MP3 at all: a fault, no crash", ("test_verify.py: test_what_is_no_mp3_is_a_fault_and_no_crash",)),
    70: Row("captions: only right ones", (
        "test_captions.py: test_any_text_can_be_shown", "test_captions.py: test_any_session_has_captions_in_order",
    )),
}  # fmt: skip

PAGE = {
    71: Row("another name for this computer: 421", ("test_studio.py: test_another_name_for_this_computer_is_refused",)),
    72: Row("what another page sends: refused", (
        "test_studio.py: test_what_another_page_sends_is_refused", "test_studio.py: test_only_json_is_taken",
    )),
    73: Row("no token: 403", (
        "test_studio.py: test_the_token_in_the_address_becomes_a_cookie_and_without_either_nobody_is_let_in",
    )),
    74: Row("files by their paths: 404", ("test_studio.py: test_nothing_is_found_by_a_path",)),
    75: Row("a body too large: 413", ("test_studio.py: test_a_body_that_is_too_large_is_not_taken",)),
    76: Row("slow and half-open clients: dropped", (
        "test_studio.py: test_slow_and_half_open_clients_are_dropped_and_others_are_served_meanwhile",
    )),
    77: Row("a hundred renders at once: one, eight wait, then 429", (
        "test_studio.py: test_one_is_made_at_a_time_eight_wait_and_more_are_refused",
    )),
    78: Row("markup in a script: shown as text", (
        "test_studio.py: test_browsers_are_told_what_answers_may_do",
        "test_studio_browser.py: test_a_person_chooses_changes_hears_makes_plays_and_takes_along",
        "test_page.py: test_what_a_script_says_is_text_and_never_markup",
    )),
}  # fmt: skip

PRIVACY = {
    79: Row("the network: never", ("test_privacy.py: test_a_recording_is_made_without_a_network",)),
    80: Row("the same twice: the same bytes", (
        "test_render.py: test_the_same_again_speaks_and_encodes_nothing_and_gives_the_same_bytes",
        "test_engines.py: test_hibari_gives_the_same_bytes_in_any_order_and_process",
    )),
    81: Row("another ffmpeg: the same bytes", why_none="it makes nothing of a recording; it only opens rare sounds"),
}  # fmt: skip

ROWS: Mapping[int, Row] = {
    **TEMPLATE, **FRONT_MATTER, **FILES, **SPEECH, **CRASHES, **RECORDINGS, **PAGE, **PRIVACY,
}  # fmt: skip


def test_no_row_is_left_out() -> None:
    assert list(ROWS) == list(range(1, 82))


@pytest.mark.parametrize("number", ROWS)
def test_each_row_has_its_tests_or_says_why_none(number: int) -> None:
    row = ROWS[number]
    assert bool(row.tests) != bool(row.why_none)
    for test in row.tests:
        file, name = test.split(": ", 1)
        text = (TESTS / file).read_text(encoding="utf-8")
        said = rf"^{re.escape(name)}$" if file.startswith("cases/") else rf"^def {name}\("
        assert re.search(said, text, re.MULTILINE), f"there is no {test}"


# --- rows that have no better place -------------------------------------------------------------------------------


def read(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    source = read_script(path, KNOWN)
    return "\n".join(plain(line.text) for line in expand(source, {}, None, KNOWN).lines)


@pytest.mark.parametrize("name", ["{{ 7 * 7 }}.md", "');import os;('.md", "a\nb.md", "{% for a in b %}.md"])
def test_a_scripts_own_name_is_never_code(tmp_path: Path, name: str) -> None:
    text = "---\ntitle: T\n---\n{% set one = 1 %}\nRest.\n"
    assert read(tmp_path / name, text) == "Rest."
    with pytest.raises(ScriptError, match="no value called 'nobody'") as caught:
        read(tmp_path / name, text + "{{ nobody }}\n")
    assert caught.value.at is not None
    assert caught.value.at.path == str(tmp_path / name)


LAUGHS = "".join(f"{new}: &{new} [*{old}, *{old}, *{old}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True))
MERGED = "".join(f"{new}: &{new} {{<<: [*{old}, *{old}]}}\n" for old, new in zip("abcdefg", "bcdefgh", strict=True))


@pytest.mark.parametrize("bomb", [f"a: &a [ha, ha]\n{LAUGHS}", f"a: &a {{x: 1}}\n{MERGED}"], ids=["laughs", "merged"])
def test_a_billion_laughs_are_refused_at_the_first(tmp_path: Path, bomb: str) -> None:
    with pytest.raises(ScriptError, match="anchors") as caught:
        read(tmp_path / "script.md", f"---\ntitle: T\n{bomb}---\nRest.\n")
    assert caught.value.at is not None
    assert caught.value.at.line == 3


@pytest.mark.parametrize("title", ["no", "1.10", "12:30:00", "017", "2001-01-01", "0x1F", "null", "1_000", "~"])
def test_what_looks_like_something_else_stays_text(tmp_path: Path, title: str) -> None:
    path = tmp_path / "script.md"
    path.write_text(f"---\ntitle: {title}\nlanguage: no\n---\nRest.\n", encoding="utf-8")
    source = read_script(path, KNOWN)
    assert (source.title, source.language) == (title, "no")


@pytest.mark.parametrize("line", ["rate: {}", "minutes: {}", "params: {{a: {}}}"])
def test_a_number_of_5000_digits_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read(tmp_path / "script.md", f"---\ntitle: T\n{line.format('1' * 5000)}\n---\nRest {{{{ a + 1 }}}}.\n")
    assert caught.value.at is not None
