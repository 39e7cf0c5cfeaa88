"""Measures the time from a cold start to the response to a signed click (Slack waits three seconds): median of five new processes."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from simulator.slack.interactions import Interaction, button_of, click_payload
from simulator.slack.messages import Message
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.workspace import USERS

ROOT = Path(__file__).resolve().parents[1]
_RUNS = 5
_CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings: [{name: all, select: {names: ["*"]}}]
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
node-image: {window: nights, approval: {from: [ana]}}
chat: {slack: {channel: C0123}}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}}
"""
# As in the Functions worker: load the app, then invoke the endpoint once.
_CHILD = """
import sys, json
import function_app
from ops.bootstrap import wiring
from ops.chats.slack.endpoint import take_interaction
from ops.endpoints.http_types import HttpRequest
body, headers = open(sys.argv[1], "rb").read(), json.loads(sys.argv[2])
wired = wiring()
answer = take_interaction(wired.context(None), wired.connections["slack"].access, HttpRequest("POST", headers=headers, body=body))
assert (int(answer.status), answer.text()) == (200, ""), answer
"""


def measure() -> dict[str, float]:
    """Return the milliseconds from the start of the process to the response, including the startup of the interpreter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "daytwo.yaml").write_text(_CONFIG)
        _click(folder, "warm-up")  # writes the bytecode
        return {"cold_slack_click_ms": 1000 * statistics.median(_click(folder, str(n)) for n in range(_RUNS))}


def _click(folder: Path, run: str) -> float:
    """Return the seconds that one new process with its own records takes. The button's token is unknown, which still requires a lookup."""
    now = datetime.now(UTC)
    button = {
        "type": "button",
        "action_id": "approve.0",
        "value": "a-word",
        "text": {"type": "plain_text", "text": "Yes"},
    }
    message = Message("C0123", "1.000001", now, "", [{"type": "actions", "elements": [button]}], [])
    found = button_of(message, "approve.0")
    if found is None:
        raise RuntimeError("The message does not have its button.")
    body = click_payload(message, found, Interaction(USERS["U0ANA"], now, 1, ""))
    (folder / "body").write_bytes(body)
    settings = {
        "DAYTWO_STATE": str(folder / run),
        "DAYTWO_CONFIG": str(folder / "daytwo.yaml"),
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PYTHONPATH": str(ROOT),
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    arguments = [sys.executable, "-c", _CHILD, str(folder / "body"), json.dumps(signed(body, now))]
    began = time.perf_counter()
    subprocess.run(arguments, check=True, cwd=ROOT, env={**environment, **settings})
    return time.perf_counter() - began
