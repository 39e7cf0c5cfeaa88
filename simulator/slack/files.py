"""Files: an address to upload to, the upload, and when the file can be shown.

Sources: https://docs.slack.dev/reference/methods/files.getUploadURLExternal,
https://docs.slack.dev/reference/methods/files.completeUploadExternal; that a file takes a moment until a block may show it:
https://github.com/slackapi/python-slack-sdk/issues/1521.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from simulator.http_types import Answer, Call, JsonObject

UPLOADS = "/slack/upload/"
PNG = b"\x89PNG\r\n\x1a\n"
READY_AFTER = timedelta(seconds=2)


class FileError(Exception):
    """What Slack answers with `ok: false`; the text is Slack's own word for it."""


@dataclass(slots=True)
class File:
    """One upload; `completed` is when it was said to be whole."""

    id: str
    name: str
    length: int
    alt: str
    content: bytes = b""
    completed: datetime | None = None


class Files:
    """Answers under `/slack/upload/` and the two methods of the Web API."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.files: dict[str, File] = {}
        self._now = now

    def begin(self, arguments: JsonObject, origin: str) -> JsonObject:
        """`files.getUploadURLExternal`."""
        name, length = str(arguments.get("filename") or ""), str(arguments.get("length") or "")
        if not name or not length.isdigit() or int(length) == 0:
            raise FileError("invalid_arguments")
        # Slack's own pattern: an F and at least eight capitals or digits.
        identity = f"F0DAYTWO{len(self.files) + 1:04d}"
        self.files[identity] = File(identity, name, int(length), str(arguments.get("alt_txt") or ""))
        return {"upload_url": f"{origin}{UPLOADS}{identity}", "file_id": identity}

    def upload(self, call: Call) -> Answer:
        """Answer one upload."""
        file = self.files.get(call.path.removeprefix(UPLOADS))
        if file is None or call.method not in ("POST", "PUT"):
            return Answer(HTTPStatus.NOT_FOUND, {"ok": False, "error": "file_not_found"})
        if len(call.body) != file.length:
            return Answer(HTTPStatus.BAD_REQUEST, {"ok": False, "error": "length_mismatch"})
        file.content = call.body
        return Answer(HTTPStatus.OK)

    def complete(self, arguments: JsonObject) -> JsonObject:
        """`files.completeUploadExternal`."""
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
        """Whether a block may show this file now: it is whole, a picture, and Slack has looked at it."""
        file = self.files.get(identity)
        if file is None or file.completed is None or not file.content.startswith(PNG):
            return False
        return self._now() >= file.completed + READY_AFTER
