"""Requests of the page -> answers: JSON about sessions and recordings, and sound.

What is asked for is named by what a list gave: a script's name, a recording's identity, a line's key. No path is taken
from a request, and none is given in an answer but those a person asked to see: where a recording is.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from voiceguide.audiofile.wav import wav_bytes
from voiceguide.errors import VoiceguideError
from voiceguide.studio import editor
from voiceguide.studio.desk import Desk, Json, MalformedError
from voiceguide.studio.phone import Phone
from voiceguide.studio.renderer import BusyError, Renderer, Work
from voiceguide.studio.shelf import TYPES, Recording, Shelf
from voiceguide.studio.told import (
    brief,
    each_error,
    groups,
    heard_in,
    length_range,
    outlined,
    parameter,
    told_error,
    told_sharing,
    unread,
)

Answer = Callable[[Request], Awaitable[Response]]


class Studio:
    """The page's application, and all it keeps open."""

    def __init__(self, host: str | None = None) -> None:
        """`host` is the address of this computer at which phones can have recordings, once somebody shares them."""
        self._desk = Desk()
        self._renderer = Renderer(self._desk.look_again)
        self._shelf = Shelf(self._desk.output)
        self.phone = Phone(self._desk.output, host)
        self.app = Starlette(routes=list(self._routes()))

    def warm_up(self) -> None:
        """Read the scripts before the page asks for them."""
        self._desk.entries()

    def close(self) -> None:
        """Stop what is shared and what is being made, and end every engine."""
        self.phone.close()
        self._renderer.close()
        self._desk.close()

    def _routes(self) -> Iterator[Route]:
        yield Route("/api/scripts", _asking(self._scripts))
        yield Route("/api/form", _asking(self._form))
        yield Route("/api/voices", _asking(self._voices))
        yield Route("/api/outline", _telling(self._outline), methods=["POST"])
        yield Route("/api/line", _telling(self._line), methods=["POST"])
        yield Route("/heard/{key}.wav", self._heard)
        yield Route("/api/work", _telling(self._make), methods=["POST"])
        yield Route("/api/work/{name}", _asking(self._work))
        yield Route("/api/work/{name}/stop", _asking(self._stop), methods=["POST"])
        yield Route("/api/recordings", _asking(self._recordings))
        yield Route("/api/recordings/{identity}", _asking(self._recording))
        yield Route("/recordings/{identity}", self._file)
        yield Route("/api/share", _asking(self._shared))
        yield Route("/api/share", _asking(self._share), methods=["POST"])
        yield Route("/api/share/stop", _asking(self._unshare), methods=["POST"])
        yield Route("/api/text", _asking(self._text))
        yield Route("/api/check", _telling(self._check), methods=["POST"])
        yield Route("/api/save", _telling(self._save), methods=["POST"])

    # --- sessions -------------------------------------------------------------------------------------------------

    def _scripts(self, _: Request) -> Json:
        entries = self._desk.entries()
        return {"groups": [group for group in groups(entries) if group["scripts"]], "unread": list(unread(entries))}

    def _form(self, request: Request) -> Json:
        name = request.query_params.get("script")
        cued, job = self._desk.form(name)
        source = cued.source
        own = editor.is_own(self._desk.find(name))
        sounds = [{"name": one.name, "title": one.title, "kind": one.kind} for one in self._desk.sounds(name)]
        return {
            "name": name,
            "title": source.title,
            "summary": source.summary,
            "position": source.position,
            "language": source.language,
            "own": own,
            "minutes": length_range(source),
            "seed": cued.script.seed,
            "rate": source.rate,
            "voice": source.voice or "",
            "beds": [one for one in sounds if one["kind"] == "bed"],
            "parameters": [parameter(one, job.usual, sounds) for one in source.parameters],
        }

    def _voices(self, request: Request) -> Json:
        language = request.query_params.get("language", "en")
        found = self._desk.voices(language)
        return {
            "voices": [
                {"name": f"{engine}:{voice.name}", "title": voice.title, "draft": voice.draft}
                for engine, voice in found
            ]
        }

    def _outline(self, asked: Json) -> Json:
        job = self._desk.job(asked)
        return outlined(self._desk.outline(job), wanted=job.target)

    def _line(self, asked: Json) -> Json:
        number = asked.get("line")
        if not isinstance(number, int):
            raise MalformedError("which line?")
        return {"sound": f"/heard/{self._desk.speak(self._desk.job(asked), number)}.wav"}

    async def _heard(self, request: Request) -> Response:
        clip = self._desk.heard(request.path_params["key"])
        if clip is None:
            raise HTTPException(404)
        return Response(await run_in_threadpool(lambda: wav_bytes(clip.samples())), media_type="audio/wav")

    # --- recordings -----------------------------------------------------------------------------------------------

    def _make(self, asked: Json) -> Json:
        return self._told(self._renderer.ask(self._desk.job(asked)))

    def _work(self, request: Request) -> Json:
        return self._told(self._found_work(request))

    def _stop(self, request: Request) -> Json:
        work = self._found_work(request)
        self._renderer.stop(work)
        return self._told(work)

    def _found_work(self, request: Request) -> Work:
        work = self._renderer.find(request.path_params["name"])
        if work is None:
            raise HTTPException(404)
        return work

    def _told(self, work: Work) -> Json:
        made = self._shelf.at(work.path) if work.path else None
        return {
            "name": work.name,
            "state": work.state,
            "stage": work.stage,
            "done": work.done,
            "total": work.total,
            "fault": work.fault,
            "recording": made.identity if made else None,
        }

    def _recordings(self, _: Request) -> Json:
        return {"folder": str(self._shelf.folder), "recordings": [brief(one) for one in self._shelf.recordings()]}

    def _recording(self, request: Request) -> Json:
        recording = self._found_recording(request)
        return brief(recording) | heard_in(recording)

    async def _file(self, request: Request) -> Response:
        recording = await run_in_threadpool(self._found_recording, request)
        save = "save" in request.query_params
        return FileResponse(
            recording.path,
            media_type=TYPES[recording.format],
            filename=recording.path.name,
            content_disposition_type="attachment" if save else "inline",
        )

    def _found_recording(self, request: Request) -> Recording:
        recording = self._shelf.find(request.path_params["identity"])
        if recording is None:
            raise HTTPException(404)
        return recording

    # --- to the phone ---------------------------------------------------------------------------------------------

    def _shared(self, _: Request) -> Json:
        return told_sharing(self.phone.shared())

    def _share(self, _: Request) -> Json:
        return told_sharing(self.phone.share())

    def _unshare(self, _: Request) -> Json:
        self.phone.close()
        return told_sharing(None)

    # --- the editor -----------------------------------------------------------------------------------------------

    def _text(self, request: Request) -> Json:
        name = request.query_params.get("script")
        path = self._desk.find(name)
        found = editor.read(path)
        own = editor.is_own(path)
        return {"text": found.text, "state": found.state if own else None, "own": own}

    def _check(self, asked: Json) -> Json:
        path = self._desk.find(asked.get("script"))
        checked = editor.checked(_text(asked, "text"), path, self._desk.cache)
        found = [{"kind": "error", **told_error(one)} for one in checked.errors]
        found += [
            {"kind": "warning", "message": one.message, "hint": one.why, "line": one.at.line, "file": one.at.path}
            for one in checked.findings
        ]
        return {"found": [one | {"line": one["line"] if one["file"] == str(path) else None} for one in found]}

    def _save(self, asked: Json) -> Json:
        replaces = asked.get("replaces")
        if replaces is not None and not isinstance(replaces, str):
            raise MalformedError("replaces what?")
        name = _text(asked, "name").strip()
        return {"name": name, "state": editor.save(name, _text(asked, "text"), replaces)}


# --- what is asked, and what is told ----------------------------------------------------------------------------------


def _asking(answer: Callable[[Request], Json]) -> Answer:
    """Answer a request by its address, in a thread of its own."""

    @wraps(answer)
    async def asked(request: Request) -> Response:
        return await _answered(answer, request)

    return asked


def _telling(answer: Callable[[Json], Json]) -> Answer:
    """Answer a request by the JSON it brings, in a thread of its own."""

    @wraps(answer)
    async def told(request: Request) -> Response:
        try:
            brought = json.loads(await request.body())
        except (ValueError, RecursionError):
            brought = None
        if not isinstance(brought, dict):
            return _fault("this is no JSON object", status=400)
        return await _answered(answer, brought)

    return told


async def _answered(answer: Callable[[Any], Json], asked: Any) -> Response:  # noqa: ANN401  -- a request, or its JSON
    try:
        return JSONResponse(await run_in_threadpool(answer, asked))
    except VoiceguideError as error:
        return JSONResponse({"errors": [told_error(one) for one in each_error(error)]}, status_code=422)
    except MalformedError as error:
        return _fault(str(error), status=400)
    except BusyError:
        return _fault("So much is waiting already: try again when some of it is made.", status=429)
    except editor.TakenError:
        return _fault("There is a script of that name already: take another name.", status=409)


def _fault(message: str, *, status: int) -> Response:
    return JSONResponse(
        {"errors": [{"message": message, "hint": None, "line": None, "file": None}]}, status_code=status
    )


def _text(asked: Json, name: str) -> str:
    text = asked.get(name)
    if not isinstance(text, str):
        raise MalformedError(f"'{name}' is a text")
    return text
