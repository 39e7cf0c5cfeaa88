"""The page in a browser: it is complete, sends no external requests, and is readable without color or JavaScript."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Page as BrowserPage

from simulator.chat_preview.official_renderer import PlainDrawer
from simulator.demo.approvals import ApprovalDesk
from simulator.demo.page import Page
from simulator.fleets import demo_fleet
from tests.browser.chromium import LOW_CONTRAST, chromium
from tests.demo.conftest import Demonstration

PHONE_WIDTH = 390


@dataclass
class Visit:
    """The observations made during a visit to the page."""

    page: BrowserPage
    address: str
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


type Story = Callable[[Visit], Awaitable[Any]]


def visit(demonstration: Demonstration, callback: Story, **options: Any) -> Any:
    """Open the page in a new browser and call the callback."""

    async def visited() -> Any:
        page = Page(
            demonstration.stage, PlainDrawer(), ApprovalDesk(demonstration.stage.world, demonstration.stage.state)
        )
        page.summary = demonstration.summary
        async with page.open() as address, chromium() as browser:
            context = await browser.new_context(**options)
            seen = Visit(await context.new_page(), address)
            seen.page.on("console", lambda message: seen.problems.append(message.text))
            seen.page.on("pageerror", lambda error: seen.problems.append(str(error)))
            seen.page.on("request", lambda request: seen.requests.append(request.url))
            await seen.page.goto(address)
            observed = await callback(seen)
            assert seen.problems == []
            assert [url for url in seen.requests if not url.startswith((address, "data:"))] == []
            return observed

    return asyncio.run(visited())


def test_every_cluster_is_on_the_page(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> list[str]:
        return [text.split()[0] for text in await seen.page.locator("tbody th").all_inner_texts()]

    assert sorted(visit(demonstration, callback)) == sorted(cluster.name for cluster in demo_fleet().clusters)


def test_the_header_shows_progress_and_required_actions(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> str:
        return str(await seen.page.locator("header").inner_text())

    reported = visit(demonstration, callback)
    assert "One cluster and one budget need you. 10 of 11 clusters are done." in reported
    assert "; platform has exceeded €32,000.00 of €40,000.00" in reported
    assert "pay-prod: canary: 202611.12.0 is not running in pre-production yet" in reported
    assert "pre-production may be upgraded from Mon 19:00" in reported


def test_each_operation_is_drawn_in_the_calendar(demonstration: Demonstration) -> None:
    """Two clusters sleep six times, one all week except for an evening; there are 22 stops and starts and three node reboots."""

    async def callback(seen: Visit) -> dict[str, int]:
        return {
            kind: await seen.page.locator(f".calendar rect.{kind}").count()
            for kind in ("sleep", "power", "reboot", "spot")
        }

    assert visit(demonstration, callback) == {"sleep": 14, "power": 22, "reboot": 6, "spot": 1}


def test_message_times_are_shown_in_the_readers_time_zone(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> tuple[int, str]:
        messages = seen.page.locator(".messages > li")
        return await messages.count(), await messages.first.locator("time").first.inner_text()

    count, posted = visit(demonstration, callback, timezone_id="Asia/Tokyo", locale="en-GB")
    # 40 messages from Daytwo, and the private reply to the approver.
    assert count == 41
    assert posted == "Mon 09:15"  # The first stop of a cluster, at 01:15 in Amsterdam.


def test_the_page_refreshes_during_the_simulation(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> None:
        async with seen.page.expect_response(lambda answer: "/live" in answer.url) as answer:
            pass
        assert (await answer.value).ok

    visit(demonstration, callback)


def test_the_page_is_complete_without_javascript(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> tuple[int, int]:
        return await seen.page.locator("tbody tr").count(), await seen.page.locator(".messages > li").count()

    assert visit(demonstration, callback, java_script_enabled=False) == (12, 41)


def test_the_page_fits_a_phone_screen(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> int:
        return int(await seen.page.evaluate("document.documentElement.scrollWidth"))

    assert visit(demonstration, callback, viewport={"width": PHONE_WIDTH, "height": 844}) == PHONE_WIDTH


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(scheme: str, demonstration: Demonstration) -> None:
    """WCAG AA requires a contrast of 4.5 to 1 for every text on the page."""

    async def callback(seen: Visit) -> Any:
        return await seen.page.evaluate(LOW_CONTRAST)

    assert visit(demonstration, callback, color_scheme=scheme) == []


def test_the_page_is_accessible_to_screen_readers(demonstration: Demonstration) -> None:
    async def callback(seen: Visit) -> tuple[Any, Any, Any]:
        lang = await seen.page.evaluate("document.documentElement.lang")
        headings = await seen.page.locator("h1, h2").all_inner_texts()
        unnamed = await seen.page.locator(
            "table:not(:has(caption)), svg:not([aria-labelledby]), img:not([alt])"
        ).count()
        return lang, [heading.split()[0] for heading in headings], unnamed

    assert visit(demonstration, callback) == ("en", ["One", "Calendar", "Fleet", "Slack"], 0)
