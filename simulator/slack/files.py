"""Files: the upload URL, the upload itself, and the time from which a file can be shown.

Sources: https://docs.slack.dev/reference/methods/files.getUploadURLExternal,
https://docs.slack.dev/reference/methods/files.completeUploadExternal; a block can show a file only after a moment:
https://github.com/slackapi/python-slack-sdk/issues/1521.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from simulator.http_types import HttpRequest, HttpResponse, JsonObject

UPLOADS = "/slack/upload/"
PNG = b"\x89PNG\r\n\x1a\n"
READY_AFTER = timedelta(seconds=2)


class FileError(Exception):
    """A response with `ok: false`. Its text is Slack's error code."""


@dataclass(slots=True)
class File:
    """One upload. `completed` is the time at which its completion was requested."""

    id: str
    name: str
    length: int
    alt: str
    content: bytes = b""
    completed: datetime | None = None


class Files:
    """Handles `/slack/upload/` and two methods in the Web API."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.files: dict[str, File] = {}
        self._now = now

    def begin(self, arguments: JsonObject, origin: str) -> JsonObject:
        """Handle `files.getUploadURLExternal`.

        Raises:
            FileError: an argument is missing or invalid.
        """
        name, length = str(arguments.get("filename") or ""), str(arguments.get("length") or "")
        if not name or not length.isdigit() or int(length) == 0:
            raise FileError("invalid_arguments")
        # Slack's own pattern: an F followed by at least eight capitals or digits.
        identity = f"F0DAYTWO{len(self.files) + 1:04d}"
        self.files[identity] = File(identity, name, int(length), str(arguments.get("alt_txt") or ""))
        return {"upload_url": f"{origin}{UPLOADS}{identity}", "file_id": identity}

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Handle one upload."""
        file = self.files.get(request.path.removeprefix(UPLOADS))
        if file is None or request.method not in ("POST", "PUT"):
            return HttpResponse(HTTPStatus.NOT_FOUND, {"ok": False, "error": "file_not_found"})
        if len(request.body) != file.length:
            return HttpResponse(HTTPStatus.BAD_REQUEST, {"ok": False, "error": "length_mismatch"})
        file.content = request.body
        return HttpResponse(HTTPStatus.OK)

    def complete(self, arguments: JsonObject) -> JsonObject:
        """Handle `files.completeUploadExternal`.

        Raises:
            FileError: an argument is invalid, or the file does not exist.
        """
        given = arguments.get("files")
        try:
            wanted = json.loads(given) if isinstance(given, str) else given
        except ValueError:
            raise FileError("invalid_arguments") from None
        if not isinstance(wanted, list) or not wanted or not all(isinstance(each, dict) for each in wanted):
            raise FileError("invalid_arguments")
        found = [self.files.get(str(each.get("id"))) for each in wanted]
        for file in found:
            if file is None or not file.content:
                raise FileError("file_not_found")
            file.completed = file.completed or self._now()
        return {"files": [{"id": file.id, "title": file.name} for file in found if file is not None]}

    def can_show(self, identity: str) -> bool:
        """Whether a block can show this file now: the file is complete, is an image, and has been processed by Slack."""
        file = self.files.get(identity)
        if file is None or file.completed is None or not file.content.startswith(PNG):
            return False
        return self._now() >= file.completed + READY_AFTER
