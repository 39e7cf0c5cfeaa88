"""A viewer of the demonstration decides: simulated time waits, the vote goes through Slack's signed endpoint, and the ring continues."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator
from playwright.async_api import Page as BrowserPage

from simulator.chat_preview.official_renderer import PlainDrawer
from simulator.demo.approvals import ApprovalDesk
from simulator.demo.page import Page
from simulator.demo.summary import Summary
from simulator.demo.week import Stage, simulate
from simulator.fleets import demo_fleet
from simulator.running import running_simulation
from simulator.world.specs import FleetSpec
from tests.browser.chromium import chromium, save_screenshot
from tests.configurations import TWO_RINGS
from tests.simulator.oracle.journal_builder import MONDAY, REGIONS, SYSTEM, cluster

CONFIG = (
    TWO_RINGS
    + """\
windows:
  days: {days: mon-thu, from: "02:00", to: "20:00", zone: UTC}
node-image: {window: days, proven-for: 1h, proven-awake: 1h, proven-nodes: 1, approval: {rings: [production], from: [ana]}}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}}
chat: {slack: {channel: C0123}}
"""
)
FLEET = FleetSpec("watched", MONDAY, REGIONS, (cluster("dev", "dev", SYSTEM), cluster("prod", "prod", SYSTEM)))
WAITS = "Simulated time is paused until you decide."

IN_VIEW = "e => { const box = e.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }"

type Viewing = Callable[[BrowserPage, ApprovalDesk], Coroutine[Any, Any, None]]


def watched_day(folder: Path, actions: Viewing) -> Summary:
    """Simulate a day while a browser shows the page, and return the result."""
    (folder / "daytwo.yaml").write_text(CONFIG)

    async def simulated() -> Summary:
        stage = Stage(FLEET, 0, environment, folder, folder / "daytwo.yaml")
        desk = ApprovalDesk(environment, folder, with_page=True)
        page = Page(stage, PlainDrawer(), desk)
        async with chromium() as browser, page.open() as address:
            viewer = await browser.new_page()
            await viewer.goto(address)
            day = asyncio.create_task(simulate(stage, 1, lambda _now: None, desk))
            watching = asyncio.create_task(actions(viewer, desk))
            await asyncio.wait({day, watching}, return_when=asyncio.FIRST_EXCEPTION)
            await watching
            page.summary = Summary.of(await day, 0.0)
            return page.summary

    with running_simulation(FLEET) as running:
        environment = running.environment
        return asyncio.run(simulated())


async def waiting(viewer: BrowserPage) -> None:
    """Wait until the page shows that a decision is needed."""
    await viewer.locator("h1", has_text=WAITS).wait_for(timeout=120_000)


async def click(viewer: BrowserPage, person: str, button: str) -> None:
    await viewer.locator("#person").select_option(person)
    async with viewer.expect_response(lambda answer: "/click" in answer.url):
        await viewer.get_by_role("button", name=button, exact=True).first.click()


def test_an_approval_by_the_viewer_starts_production(tmp_path: Path) -> None:
    observed_times: list[Any] = []

    async def actions(viewer: BrowserPage, desk: ApprovalDesk) -> None:
        await waiting(viewer)
        await save_screenshot(viewer, "demo-waiting")
        # No scrolling is needed, because the request is the last message, which is in view.
        assert await viewer.get_by_role("button", name="Approve", exact=True).evaluate(IN_VIEW)
        before = await viewer.locator(".clock").inner_text()
        await click(viewer, "eve", "Approve")
        await viewer.get_by_text("only visible to eve").wait_for()
        await waiting(viewer)
        observed_times[:] = [before, await viewer.locator(".clock").inner_text(), len(desk.waiting)]
        await click(viewer, "ana", "Approve")
        await viewer.get_by_text("only visible to ana").wait_for()

    summary = watched_day(tmp_path, actions)
    assert observed_times[0] == observed_times[1]
    assert observed_times[2] == 1
    assert [(one.state, one.by, one.via) for one in summary.approvals] == [("approved", "ana", "slack")]
    assert (summary.upgraded, summary.good) == (2, True)


def test_a_rejection_by_the_viewer_is_not_a_failure(tmp_path: Path) -> None:
    async def actions(viewer: BrowserPage, _desk: ApprovalDesk) -> None:
        await waiting(viewer)
        await click(viewer, "ana", "Reject")
        form = viewer.get_by_role("region", name="A form for ana")
        await form.wait_for()
        await form.get_by_label("Why").fill("the sale ends on Thurs")
        await form.get_by_label("Why").press_sequentially("day", delay=400)  # The page refreshes in the meantime.
        await save_screenshot(viewer, "demo-form")
        await sent(viewer, form, "Reject")
        await viewer.get_by_text(re.compile("rejected")).first.wait_for()
        await viewer.get_by_text("the sale ends on Thursday").first.wait_for()

    summary = watched_day(tmp_path, actions)
    assert [(one.state, one.by) for one in summary.approvals] == [("rejected", "ana")]
    assert (summary.upgraded, summary.skipped) == (1, {"rejected": 1})
    assert summary.good


def test_closing_the_form_does_not_decide(tmp_path: Path) -> None:
    async def actions(viewer: BrowserPage, desk: ApprovalDesk) -> None:
        await waiting(viewer)
        await click(viewer, "ana", "Reject")
        form = viewer.get_by_role("region", name="A form for ana")
        await sent(viewer, form, "Back")
        await form.wait_for(state="detached")
        assert len(desk.waiting) == 1
        await click(viewer, "ana", "Approve")

    summary = watched_day(tmp_path, actions)
    assert [(one.state, one.by) for one in summary.approvals] == [("approved", "ana")]


async def sent(viewer: BrowserPage, form: Locator, button: str) -> None:
    async with viewer.expect_response(lambda answer: "/click" in answer.url):
        await form.get_by_role("button", name=button, exact=True).click()


def test_time_does_not_wait_for_an_absent_viewer(tmp_path: Path) -> None:
    async def actions(viewer: BrowserPage, desk: ApprovalDesk) -> None:
        await viewer.close()
        desk.seen -= 60  # A minute ago by the machine's clock.

    summary = watched_day(tmp_path, actions)
    assert [(one.state, one.by) for one in summary.approvals] == [("approved", "ana")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_click_from_another_page_is_rejected(tmp_path: Path, site: str) -> None:
    """Any other page that the viewer has open could send the form."""

    async def story() -> int:
        stage = Stage(demo_fleet(), 0, {}, tmp_path, tmp_path / "daytwo.yaml")
        page = Page(stage, PlainDrawer(), ApprovalDesk({}, tmp_path))
        async with page.open() as address, chromium() as browser:
            viewer = await browser.new_page()
            answer = await viewer.request.post(
                f"{address}click", headers={"Sec-Fetch-Site": site}, form={"button": "x"}
            )
            return int(answer.status)

    (tmp_path / "daytwo.yaml").write_text(CONFIG)
    assert asyncio.run(story()) == 403
