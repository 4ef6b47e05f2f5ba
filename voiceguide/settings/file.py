"""Where the settings file is, and its text."""

from pathlib import Path

from voiceguide import shipped
from voiceguide.errors import SettingsError


def settings_path() -> Path:
    """Give the file's path, whether it is there or not."""
    return shipped.home() / "settings.toml"


def own_lexicon(path: Path) -> Path | None:
    """Give the lexicon beside the settings file, if there is one."""
    own = path.parent / "lexicon.toml"
    return own if own.is_file() else None


def read_text(path: Path) -> str:
    """Read it; nothing stands in a file that is not there. Raises SettingsError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise SettingsError(f"'{path}' is not UTF-8 text", hint="save the file as UTF-8") from error
    except OSError as error:
        raise SettingsError(f"'{path}' can't be read: {error}") from error
