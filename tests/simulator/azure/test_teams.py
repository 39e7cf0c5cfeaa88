"""The webhook of a Teams flow: the cards that it accepts and rejects, and how people see them."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from simulator.http_types import JsonObject
from simulator.running import Running
from tests.simulator.azure.conftest import START

CARD: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [{"type": "TextBlock", "text": "Node images · shop-prod · 3 of 5 pools"}],
    "actions": [{"type": "Action.OpenUrl", "title": "Details", "url": "https://bot.example/runs/1"}],
}


def enveloped(card: object) -> JsonObject:
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def post(simulation: Running, body: object) -> httpx.Response:
    return httpx.post(simulation.environment["TEAMS_URL"], content=json.dumps(body, ensure_ascii=False).encode())


def shown(simulation: Running) -> list[Any]:
    cards = simulation.control("/teams")["cards"]
    assert isinstance(cards, list)
    return cards


def test_a_card_in_a_message_envelope_is_shown(simulation: Running) -> None:
    answer = post(simulation, enveloped(CARD))
    assert (answer.status_code, answer.content) == (202, b"")
    assert shown(simulation) == [{"at": "2026-11-16T00:00:00+00:00", "card": CARD}]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (CARD, "envelope"),
        ({"type": "message", "attachments": []}, "envelope"),
        (enveloped("hello"), "a card as its content"),
        (enveloped({**CARD, "version": "1.5"}), "version 1.5"),
        (enveloped({**CARD, "version": "new"}), "version is 'new'"),
        (enveloped({**CARD, "type": "Card"}), "not AdaptiveCard"),
        (enveloped({**CARD, "body": [{"type": "Container", "items": [{"type": "Table"}]}]}), "Table"),
        (enveloped({**CARD, "actions": [{"type": "Action.Execute", "verb": "approve"}]}), "Action.Execute"),
        (enveloped({**CARD, "body": [{"type": "TextBlock", "text": "x" * 29_000}]}), "bytes"),
        ([], "not a JSON object"),
    ],
)
def test_invalid_cards_are_rejected(simulation: Running, body: object, why: str) -> None:
    answer = post(simulation, body)
    assert answer.status_code == 400
    assert why in answer.json()["error"]["message"]
    assert shown(simulation) == []


def test_the_26th_card_in_five_minutes_is_throttled(simulation: Running) -> None:
    for second in range(25):
        assert post(simulation, enveloped(CARD)).status_code == 202
        simulation.advance(START + timedelta(seconds=second + 1))
    refused = post(simulation, enveloped(CARD))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "275")
    simulation.advance(START + timedelta(seconds=300))
    assert post(simulation, enveloped(CARD)).status_code == 202
    assert len(shown(simulation)) == 26


def test_the_url_contains_the_secret(simulation: Running) -> None:
    url = simulation.environment["TEAMS_URL"]
    assert httpx.post(url.replace("sig=", "sig=x"), json=enveloped(CARD)).status_code == 401
    assert httpx.post(url.replace("/workflows/", "/workflows/0"), json=enveloped(CARD)).status_code == 404
    assert shown(simulation) == []
