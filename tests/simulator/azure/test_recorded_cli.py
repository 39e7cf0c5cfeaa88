"""Replays requests recorded from the real Azure CLI (in tests/az/): each must get the recorded status."""

import json
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

from simulator.fleets import demo_fleet
from simulator.http_types import JsonObject
from simulator.running import Running, running_simulation
from tests.simulator.azure.raw import ask

RECORDED = json.loads((Path(__file__).parent / "recorded_cli.json").read_text())
# By then, all recorded operations have ended.
ENDED_AFTER = timedelta(hours=1)


def replay_requests(simulation: Running, requests: list[JsonObject]) -> list[tuple[str, object, int]]:
    """Send each request. Polls use the URL from the operation's own response, after the operation has ended."""
    announced: dict[str, str] = {}
    answers = []
    for request in requests:
        path = str(request["path"])
        query = cast("dict[str, str]", request["query"])
        target = f"{path}?{urlencode(query)}"
        if path.endswith("/{operation}"):
            simulation.advance(simulation.world.now + ENDED_AFTER)
            kind = "location" if "/operationresults/" in path else "azure-asyncoperation"
            target = announced[kind].removeprefix(simulation.environment["ARM_URL"])
        answer = ask(
            simulation, str(request["method"]), target, request["body"], resource="https://management.azure.com"
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if "azure-asyncoperation" in headers:
            announced = headers
        answers.append((f"{request['method']} {path}", request["status"], answer.status))
    return answers


def test_each_recorded_request_gets_the_recorded_status() -> None:
    with running_simulation(demo_fleet()) as simulation:
        answers = replay_requests(simulation, RECORDED["requests"])
        shop = simulation.world.clusters["shop-dev"]
        assert {node.image for node in shop.nodes_of("user1")} == {"AKSUbuntu-2204gen2containerd-202611.05.0"}
        assert (shop.power_state, shop.pools["user1"].count) == ("Running", 4)
    assert [item for item in answers if item[1] != item[2]] == []


def test_the_recording_covers_every_command() -> None:
    paths = " ".join(f"{request['method']} {request['path']}" for request in RECORDED["requests"])
    for part in ("/upgradeNodeImageVersion", "PUT ", "/stop", "/start", "/operations/", "/operationresults/"):
        assert part in paths
    assert "Bearer" not in json.dumps(RECORDED)
