"""The real app in the simulated Azure: what would refuse a restart is known before a node is cordoned."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.facts import facts
from ops.facts.restart_right import ACTIONS
from ops.runbooks import runbooks
from ops.scheduling import fleet_scan
from ops.verbs import verbs
from simulator.oracle import judge
from simulator.world.journal import Kind
from simulator.world.scripted_faults import RebootRequired, Refusal
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TO_SLACK, TWO_RINGS, nights
from tests.flows.bot import Bot, messages, running_bot
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
OVER = START + timedelta(hours=3)
ONLY_REBOOTS = TWO_RINGS + nights() + "reboot: {window: nights, drain-timeout: 20m}\n" + TO_SLACK
CONFIG = ONLY_REBOOTS + "node-image: {window: nights}\n"
DEV = ClusterSpec(
    "shop-dev", "westeurope", (PoolSpec("user1", 2, releases_behind=0),), resource_group="rg", tags=(("env", "dev"),)
)
REQUIRED = RebootRequired("shop-dev", "user1", START + timedelta(minutes=2), 1)


@async_test
async def until(bot: Bot, at: datetime) -> None:
    async with bot:
        await bot.run_until(at)


def entries(bot: Bot, kind: Kind) -> int:
    return len(bot.simulation.world.journal.of(kind))


def calls(bot: Bot) -> set[str]:
    seen: Any = bot.simulation.control("/requests")["requests"]
    return {each["action"] for each in seen if each["surface"] == "arm"}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "DenyAssignmentAuthorizationFailed", "the deny assignment blueprint applies to MC_rg_shop-dev"),
        (409, "ScopeLocked", "the lock readonly-lock (ReadOnly) applies to MC_rg_shop-dev"),
        (403, "AuthorizationFailed", "no role grants Microsoft.Compute/virtualMachineScaleSets"),
    ],
)
def test_nothing_is_cordoned_until_the_refusal_is_over(tmp_path: Path, status: int, code: str, words: str) -> None:
    refusal = Refusal("shop-dev", START + timedelta(minutes=1), OVER, status, code, "with name 'blueprint'")
    fleet = in_west_europe("rights", START, DEV, scripted_faults=(refusal, REQUIRED))
    with running_bot(fleet, tmp_path, CONFIG) as bot:
        until(bot, OVER - timedelta(minutes=1))
        assert (entries(bot, Kind.NODE_CORDONED), entries(bot, Kind.OPERATION_REFUSED)) == (0, 0)
        reported = [entry.text for entry in bot.ledger("2026-11-16", "2026-11-17") if entry.kind == "condition"]
        assert reported
        assert all(words in text for text in reported)
        until(bot, OVER + timedelta(hours=2))
        assert (entries(bot, Kind.NODE_CORDONED), entries(bot, Kind.NODE_REBOOT_DONE)) == (1, 1)
        shown = [text for texts in messages(bot.simulation).values() for text in texts]
        assert sum("nothing is blocked anymore" in text for text in shown) == 1
        world = bot.simulation.world
        verdict = judge(CONFIG, world.core.spec, world.journal.entries, START, OVER + timedelta(hours=2))
        assert verdict.violations == ()


def test_a_night_of_reboots_calls_what_its_facts_and_verbs_declare(tmp_path: Path) -> None:
    with running_bot(in_west_europe("rights", START, DEV, scripted_faults=(REQUIRED,)), tmp_path, ONLY_REBOOTS) as bot:
        until(bot, START + timedelta(hours=2))
        assert entries(bot, Kind.NODE_REBOOT_DONE) == 1
        used = ("cordon-node", "drain-node", "restart-node", "uncordon-node")
        of_facts = (facts()[each.name].ACTIONS for each in fields(runbooks()["reboot"].facts))
        declared = set().union(fleet_scan.ACTIONS, *of_facts, *(verbs()[name].actions for name in used))
        assert calls(bot) - declared == set()
        assert calls(bot) >= ACTIONS
