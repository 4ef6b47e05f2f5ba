"""The user's settings file -> what they usually want of a session, and their presets."""

from voiceguide.settings.changes import save_as_preset, set_value, unset_value
from voiceguide.settings.file import read_text, settings_path
from voiceguide.settings.schema import settings_of
from voiceguide.settings.wishes import ANY_LANGUAGE, KEYS, Preset, Settings, Wishes, over

__all__ = [
    "ANY_LANGUAGE", "KEYS", "Preset", "Settings", "Wishes", "over", "read_settings", "save_as_preset", "set_value",
    "settings_path", "unset_value",
]  # fmt: skip


def read_settings() -> Settings:
    """Read the user's settings; without a file nothing is set. Raises SettingsErrors, all at once."""
    path = settings_path()
    return settings_of(read_text(path), path)
