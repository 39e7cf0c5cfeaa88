"""Retired and frozen images are reported once, as bad news; images with names of before 2023 are upgraded."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.engine.preview import PoolPreview, preview_pools
from ops.model.fleet import Cluster, Pool
from ops.model.reasons import SkipReason
from ops.model.run import Run, State
from ops.tables.conditions import open_conditions
from tests.driving import IN_WINDOW, AzureOperations, DrivenRun, run_request, start, world_with
from tests.fakes import CONFIG, NEW, World, cluster, pool

V2 = "AKSAzureLinux-V2gen2-202511.24.0"
OLDER_V2 = "AKSAzureLinux-V2gen2-202510.05.0"
WINDOWS_2019 = "AKSWindows-2019-17763.7240.260210"


def in_rollout(world: World) -> DrivenRun:
    return start(world, run_request(world, rollout="rollout.node-image.2026-w47"))


def run_on(pools: Pool, newest: str, **more: object) -> tuple[World, Run]:
    of = replace(cluster("shop-dev", pools), **more)  # type: ignore[arg-type]  # fields by name
    world = world_with(of, CONFIG, IN_WINDOW)
    world.clusters.newest = newest
    return world, in_rollout(world).to_end(AzureOperations(world, image=newest))


@pytest.mark.parametrize("channel", ["None", "NodeImage"])
def test_the_last_image_of_a_retired_os_is_an_open_condition(channel: str) -> None:
    world, run = run_on(pool("user1", V2, os_sku="AzureLinux"), V2, node_os_channel=channel)
    assert world.clusters.begun == []
    assert [skip.code for skip in run.skips if skip.needs_person] == [SkipReason.NO_NEWER_IMAGE]
    (condition,) = open_conditions(world.store)
    assert condition.where == "shop-dev"
    assert "user1: 202511.24.0 is its last image: support for Azure Linux 2 ended on 2025-11-30" in condition.text
    assert "3 of 3 nodes checked" in condition.text
    assert "Move its workload to a pool with an OS SKU that AKS supports" in condition.text
    assert "202511.24.0 is its last image" in run.why


def test_it_is_reported_once_and_once_when_it_is_over() -> None:
    world, _ = run_on(pool("user1", V2, os_sku="AzureLinux"), V2)
    (first,) = open_conditions(world.store)
    world.clock.at += timedelta(days=7)
    start(world, run_request(world, period="2026-w48", rollout="r")).to_end()
    assert [condition.subject for condition in open_conditions(world.store)] == [first.subject]
    moved = cluster("shop-dev", pool("user1", NEW))
    world.clusters.put(moved)
    world.clusters.newest = NEW
    world.clock.at += timedelta(days=7)
    start(world, run_request(world, period="2026-w49", rollout="r")).to_end()
    assert open_conditions(world.store) == ()


def test_a_pool_whose_images_are_removed_is_not_upgraded() -> None:
    world, run = run_on(pool("user1", OLDER_V2, os_sku="AzureLinux"), V2)
    assert (run.state, world.clusters.begun) == (State.SKIPPED, [])
    assert "AKS can neither reimage nor scale it" in open_conditions(world.store)[0].text


def test_a_pool_of_a_retired_os_is_still_upgraded_while_its_images_exist() -> None:
    old = WINDOWS_2019.replace("260210", "251110").replace("7240", "7000")
    world = world_with(cluster("shop-dev", pool("win", old, os_sku="Windows2019")), CONFIG, IN_WINDOW)
    world.clusters.newest = WINDOWS_2019
    run = in_rollout(world)
    run.to_first_step()
    assert run.record.plan is not None
    assert run.record.plan.warnings == (
        "win: support for Windows Server 2019 ended on 2026-03-01, and its images will be removed on 2027-04-01",
    )
    assert run.to_end(AzureOperations(world, image=WINDOWS_2019)).state is State.DONE


@pytest.mark.parametrize(
    "image", ["AKSUbuntu-1804gen2containerd-2022.10.03", "AKSUbuntu-1604-2021.01.28", "AKSUbuntu:1604:2020.10.08"]
)
def test_an_image_with_an_old_name_is_upgraded_if_the_newest_is_readable(image: str) -> None:
    world, run = run_on(pool("user1", image), NEW)
    assert world.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE


def shown(of: Cluster) -> PoolPreview:
    world = world_with(of, CONFIG, IN_WINDOW)
    (found,) = preview_pools(world.context, world.settings, (of,), world.clock.at)
    return found


@pytest.mark.parametrize(
    ("image", "behind", "is_behind"),
    [
        ("AKSUbuntu-1804gen2containerd-2022.10.03", "1494 d", True),
        ("AKSUbuntu:1604:2020.10.08", "age unknown", True),
        (NEW, "0 d", False),
        ("", "?", False),
    ],
)
def test_a_plan_counts_an_image_of_unknown_age_as_behind(image: str, behind: str, *, is_behind: bool) -> None:
    found = shown(cluster("shop-dev", pool("user1", image)))
    assert (found.behind, found.is_behind) == (behind, is_behind)


def test_an_image_of_unknown_age_that_waits_is_always_reported() -> None:
    of = cluster("shop-prod", pool("user1", "AKSUbuntu:1604:2020.10.08"), env="prod")
    world = world_with(of, CONFIG, IN_WINDOW + timedelta(days=2))
    run = in_rollout(world)
    run.to_first_step()
    assert run.record.notify
