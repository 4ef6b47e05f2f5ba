"""The user's settings file -> what they usually want of a session, and their presets."""

from voiceguide.settings.changes import save_as_preset, set_value, unset_value
from voiceguide.settings.file import own_lexicon, read_text, settings_path
from voiceguide.settings.wishes import ANY_LANGUAGE, KEYS, Preset, Settings, Wishes, over

__all__ = [
    "ANY_LANGUAGE", "KEYS", "Preset", "Settings", "Wishes", "over", "read_settings", "save_as_preset", "set_value",
    "settings_path", "unset_value",
]  # fmt: skip


def read_settings() -> Settings:
    """Read the user's settings; without a file nothing is set. Raises SettingsErrors, all at once."""
    path = settings_path()
    text = read_text(path)
    if not text:
        return Settings(path=path, lexicon=own_lexicon(path))
    from voiceguide.settings.schema import settings_of  # noqa: PLC0415  -- pydantic: a tenth of a second

    return settings_of(text, path)
