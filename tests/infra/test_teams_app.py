"""The Teams app: its manifest follows Microsoft's schema, and its icons, commands, and bot are correct."""

import json
import uuid
import zipfile
from pathlib import Path
from struct import unpack
from typing import Any, cast

import pytest
from jsonschema import Draft4Validator
from pycep import BicepParser

from ops.policy.commands import CHANGING, READ_ONLY
from tools.teams_app import pack

INFRA = Path(__file__).resolve().parents[2] / "infra"
SCHEMA = Path(__file__).with_name("schemas") / "teams-manifest-1.19.json"
APP_ID = uuid.UUID("33333333-3333-3333-3333-333333333333")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    target = tmp_path_factory.mktemp("app") / "app.zip"
    pack(target, APP_ID)
    return zipfile.ZipFile(target)


@pytest.fixture(scope="module")
def manifest(packed: zipfile.ZipFile) -> Any:
    return json.loads(packed.read("manifest.json"))


def test_the_manifest_is_valid_according_to_microsofts_schema(manifest: Any) -> None:
    schema = json.loads(SCHEMA.read_text())
    assert [error.message for error in Draft4Validator(schema).iter_errors(manifest)] == []


def test_the_schema_detects_an_invalid_manifest(manifest: Any) -> None:
    schema = json.loads(SCHEMA.read_text())
    assert list(Draft4Validator(schema).iter_errors({**manifest, "id": "daytwo"}))


def test_the_app_id_matches_the_bots_id(manifest: Any) -> None:
    (bot,) = manifest["bots"]
    assert (manifest["id"], bot["botId"]) == (str(APP_ID), str(APP_ID))
    assert bot["scopes"] == ["team", "groupChat", "personal"]


def test_teams_offers_exactly_the_existing_commands(manifest: Any) -> None:
    (listed,) = manifest["bots"][0]["commandLists"]
    assert {command["title"] for command in listed["commands"]} == READ_ONLY | CHANGING


@pytest.mark.parametrize(("icon", "size"), [("color.png", 192), ("outline.png", 32)])
def test_the_icons_have_the_sizes_that_teams_requires(packed: zipfile.ZipFile, icon: str, size: int) -> None:
    content = packed.read(icon)
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert unpack(">II", content[16:24]) == (size, size)


def resources() -> dict[str, Any]:
    parsed = cast("dict[str, dict[str, Any]]", BicepParser().parse(text=(INFRA / "main.bicep").read_text()))
    return parsed["resources"]


def test_the_bot_sends_to_the_existing_endpoint() -> None:
    """The bot has its own identity, which has no permissions on clusters."""
    bot = resources()["bot"]["config"]["config"]
    assert bot["properties"]["endpoint"] == "https://${app.properties.defaultHostName}/api/teams/messages"
    assert bot["properties"]["msaAppType"] == "UserAssignedMSI"
    assert bot["properties"]["disableLocalAuth"] is True
    text = (INFRA / "main.bicep").read_text()
    assert text.count("botIdentity!.properties.principalId") == 0
    assert "'TEAMS_BOT_APP_ID'" in text
