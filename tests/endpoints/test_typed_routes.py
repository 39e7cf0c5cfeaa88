"""mypy reports a route whose handler does not exist or takes different arguments."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUTES = """
from ops.context import Context
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.routes import Auth, Process, Route, Timer

def missing(context: Context, request: HttpRequest) -> HttpResponse:
    from ops.endpoints.http_api import show_everything
    return HttpResponse(show_everything(context))

def wrong_arguments(context: Context, request: HttpRequest) -> HttpResponse:
    from ops.endpoints.http_api import answer_run
    return answer_run(context, request)

def wrong_signature(context: Context) -> HttpResponse:
    from ops.endpoints.http_api import answer_runbooks
    return answer_runbooks()

def right(context: Context, request: HttpRequest) -> HttpResponse:
    from ops.endpoints.http_api import answer_run
    return answer_run(context, request.params["id"])

Route("GET", "everything", Auth.FUNCTION_KEY, "Shows everything.", wrong_signature, (200,))
Timer("day", "0 0 0 * * *", right)
Route("GET", "everything/{id}", Auth.FUNCTION_KEY, "Shows everything.", right, (200,))
"""


def test_a_wrong_handler_causes_a_type_error(tmp_path: Path) -> None:
    file = tmp_path / "routes.py"
    file.write_text(ROUTES)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(file)]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    lines = [line.split(": ", 1) for line in checked.stdout.splitlines() if ": error: " in line]
    assert [(int(where.rpartition(":")[2]), what.rpartition("[")[2]) for where, what in lines] == [
        (7, "attr-defined]"),
        (12, "arg-type]"),
        (22, "arg-type]"),
        (23, "arg-type]"),
    ], checked.stdout
