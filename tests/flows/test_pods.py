"""Pods that do not simply leave: the real app reboots nodes of a simulated cluster with them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from ops.model.run import State
from ops.tables.runs import runs
from simulator.azure.tokens import KUBERNETES_AUDIENCE
from simulator.running import SimulatedCredential
from simulator.world.journal import Kind
from simulator.world.scripted_faults import RebootRequired
from simulator.world.specs import ClusterSpec, PoolSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.configurations import TWO_RINGS, nights
from tests.flows.bot import Bot, running_bot
from tests.kubernetes.clusters import api_client
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + nights()
    + """\
reboot: {window: nights, drain-timeout: 20m}
chat: {slack: {channel: C0123}}
"""
)
POOLS = (PoolSpec("system", 1, mode="System", releases_behind=0), PoolSpec("user1", 2, releases_behind=0))
WEB = WorkloadSpec("shop", "web", 2, pool="user1", spread=True)


def night(folder: Path, workload: WorkloadSpec) -> AbstractContextManager[Bot]:
    """One cluster with one workload, both of whose nodes require a reboot."""
    tags = (("env", "dev"),)
    cluster = ClusterSpec("shop-dev", "westeurope", POOLS, resource_group="rg", tags=tags, workloads=(workload,))
    fault = RebootRequired("shop-dev", "user1", START + timedelta(minutes=1))
    return running_bot(in_west_europe("pods", START, cluster, scripted_faults=(fault,)), folder, CONFIG)


def count(bot: Bot, kind: Kind) -> int:
    return len(bot.simulation.world.journal.of(kind))


def reboots(bot: Bot) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(START + timedelta(hours=4))

    act(bot)


def test_a_pod_that_tolerates_the_cordon_is_not_evicted_again_and_again(tmp_path: Path) -> None:
    with night(tmp_path, replace(WEB, tolerates_cordon=True)) as bot:
        reboots(bot)
        assert (count(bot, Kind.POD_EVICTED), count(bot, Kind.NODE_BOOTED)) == (0, 2)


def test_a_node_with_a_pod_that_a_finalizer_keeps_is_not_cordoned(tmp_path: Path) -> None:
    stuck = replace(WEB, replicas=1, finalizer="example.com/report", terminating_for=timedelta(days=7))
    with night(tmp_path, stuck) as bot:
        reboots(bot)
        assert count(bot, Kind.NODE_BOOTED) <= 2
        held = {pod.node for pod in bot.simulation.world.clusters["shop-dev"].kube.pods.values() if pod.deleted}
        assert not held & {entry.node for entry in bot.simulation.world.journal.of(Kind.NODE_CORDONED)}
        assert "terminating since" in str(bot.simulation.control("/slack"))


def test_a_node_whose_pod_is_in_a_namespace_that_is_being_deleted_is_not_restarted(tmp_path: Path) -> None:
    with night(tmp_path, replace(WEB, namespace_ends=True)) as bot:
        reboots(bot)
        assert count(bot, Kind.NODE_BOOTED) == 0
        (run,) = [stored.value for stored in runs(bot.store).scan("reboot.")]
        assert run.state is State.FAILED
        assert "because it is being terminated" in run.why


def test_a_pdb_that_allows_an_eviction_once_the_eviction_autoscaler_has_added_a_replica(tmp_path: Path) -> None:
    """Its PDBs require all replicas, as those that AKS generates for Automatic PDB management."""
    rigid = replace(WEB, spread=False, pdb=PdbSpec(min_available=2), starts_in_s=(5, 10))
    with night(tmp_path, replace(rigid, surges=True)) as bot:
        reboots(bot)
        assert (count(bot, Kind.NODE_BOOTED), count(bot, Kind.PDB_VIOLATED)) == (2, 0)
        assert count(bot, Kind.POD_EVICTED) >= 1
        assert len(bot.simulation.world.clusters["shop-dev"].kube.pods) == 2


def test_a_node_whose_pod_a_webhook_keeps_is_not_cordoned_and_the_others_are_rebooted(tmp_path: Path) -> None:
    kept = replace(WEB, replicas=1, webhook="denies")
    with night(tmp_path, kept) as bot:
        reboots(bot)
        held = {pod.node for pod in bot.simulation.world.clusters["shop-dev"].kube.pods.values()}
        booted = {entry.node for entry in bot.simulation.world.journal.of(Kind.NODE_BOOTED)}
        assert len(booted) == 1
        assert not held & booted
        assert booted == {entry.node for entry in bot.simulation.world.journal.of(Kind.NODE_CORDONED)}
        assert 'webhook "evictions.example.com" denied the request' in str(bot.simulation.control("/slack"))


def test_a_webhook_that_cannot_be_asked_in_a_dry_run_does_not_prevent_the_drain(tmp_path: Path) -> None:
    with night(tmp_path, replace(WEB, webhook="no-dry-run")) as bot:
        reboots(bot)
        assert count(bot, Kind.NODE_BOOTED) == 2


def test_a_pod_that_its_controller_places_on_the_cordoned_node_ends_the_drain(tmp_path: Path) -> None:
    with night(tmp_path, replace(WEB, replicas=1, pinned=True)) as bot:
        reboots(bot)
        held = {pod.node for pod in bot.simulation.world.clusters["shop-dev"].kube.pods.values()}
        assert not held & {entry.node for entry in bot.simulation.world.journal.of(Kind.NODE_BOOTED)}
        assert 1 <= count(bot, Kind.POD_EVICTED) <= 10
        assert "although it is cordoned" in str(bot.simulation.control("/slack"))


def test_a_node_that_someone_uncordons_during_the_drain_keeps_its_pods_and_is_not_restarted(tmp_path: Path) -> None:
    """The PDB allows one eviction at a time and the pods start slowly, so the drain takes several rounds."""
    slow = replace(WEB, replicas=8, spread=False, pdb=PdbSpec(max_unavailable=1), starts_in_s=(60, 61))
    with night(tmp_path, slow) as bot:
        uncordoned: list[str] = []

        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                while not (cordons := bot.simulation.world.journal.of(Kind.NODE_CORDONED)):
                    await bot.run_until(bot.simulation.world.now + timedelta(minutes=1))
                name = str(cordons[0].node)
                with _core(bot) as core:
                    core.patch_node(name, {"spec": {"unschedulable": None}})
                uncordoned.append(name)
                await bot.run_until(START + timedelta(hours=4))

        act(bot)
        at = bot.simulation.world.journal.of(Kind.NODE_UNCORDONED)[0].at
        evicted = [entry for entry in bot.simulation.world.journal.of(Kind.POD_EVICTED) if entry.at > at]
        assert len(evicted) <= 1
        assert bot.simulation.world.journal.of(Kind.NODE_BOOTED) == []
        assert f"{uncordoned[0]} was uncordoned by someone else" in str(bot.simulation.control("/slack"))
        nodes = bot.simulation.world.clusters["shop-dev"].nodes
        assert "daytwo.dev/cordoned-by" not in nodes[uncordoned[0]].annotations


@contextmanager
def _core(bot: Bot) -> Iterator[Any]:
    environment = bot.simulation.environment
    token = SimulatedCredential(environment).get_token(f"{KUBERNETES_AUDIENCE}/.default").token
    with api_client(f"{environment['ARM_URL']}/clusters/shop-dev", environment["CA_FILE"], token) as api:
        yield client.CoreV1Api(api)


@pytest.mark.parametrize("selects", ["labels", "expressions", "namespace"])
def test_a_pdb_that_never_allows_an_eviction_is_recognized_by_every_selector(tmp_path: Path, selects: str) -> None:
    rigid = replace(WEB, pdb=PdbSpec(max_unavailable=0, selects=selects))  # type: ignore[arg-type]  # a literal
    with night(tmp_path, rigid) as bot:
        reboots(bot)
        assert (count(bot, Kind.NODE_CORDONED), count(bot, Kind.NODE_BOOTED)) == (0, 0)
        assert "never allows an eviction" in str(bot.simulation.control("/slack"))
