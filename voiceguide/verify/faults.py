"""What is wrong with a recording: when it is heard, and which line of which script asked for something else."""

from dataclasses import dataclass

from voiceguide.audiofile.promise import Event, Promise
from voiceguide.durations import Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with a recording."""

    check: str
    message: str
    at: Ms | None = None
    """When it is heard."""
    file: str | None = None
    """The script that asked for what should be there, if anything did."""
    line: int | None = None


def fault_of(event: Event, check: str, message: str) -> Fault:
    return Fault(check=check, message=message, at=event.start, file=event.file, line=event.line)


def fault_at(promise: Promise | None, ms: int, check: str, message: str) -> Fault:
    """Name the line of the script whose words, else whose chime, else whose silence is due."""
    due = [event for event in promise.events if event.start <= ms < event.end] if promise else []
    due.sort(key=lambda event: ("say", "chime", "silence", "bed").index(event.kind))
    file, line = (due[0].file, due[0].line) if due else (None, None)
    return Fault(check=check, message=message, at=Ms(ms), file=file, line=line)
