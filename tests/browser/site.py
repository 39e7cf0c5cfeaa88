"""The real app on the local host, with sign-in and one pending approval request, and a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page

from ops.model.approval import Approval
from ops.model.run import Run
from ops.tables.approvals import approvals
from simulator.running import running_simulation
from tests.browser.chromium import chromium
from tests.flows.bot import Bot, environment
from tests.flows.fleet import CONFIG, TWO_POOLS, fleet

APPROVAL_CONFIG = (
    CONFIG.replace(
        "node-image: {window: nights, start-stopped-clusters: true}",
        "node-image: {window: nights, start-stopped-clusters: true, approval: {from: platform, self: allow, expires-after: 2h}}",
    )
    + """
identity: {entra-tenant: 11111111-1111-1111-1111-111111111111, slack-team: T0DAYTWO}
people:
  ana: {entra: aaaaaaaa-0000-0000-0000-000000000001, slack: U0ANA}
  ben: {entra: aaaaaaaa-0000-0000-0000-000000000002}
  cleo: {entra: aaaaaaaa-0000-0000-0000-000000000003}
groups: {platform: [ana, ben]}
"""
)
SETTINGS = {"WEBSITE_AUTH_ENABLED": "True", "DAYTWO_PAGE_KEY": "a key of thirty-two characters.."}


@dataclass(frozen=True, slots=True)
class Site:
    """A bot with one run's pending approval request, and a browser."""

    bot: Bot
    browser: Browser
    run_id: str

    @property
    def approval(self) -> Approval:
        """This run's request. An hour later the week's rollout also sends a request."""
        return approvals(self.bot.store).must_get(self.run.approval).value

    @property
    def run(self) -> Run:
        """The current record of the run."""
        return self.bot.run(self.run_id)

    @property
    def address(self) -> str:
        """The link in the message."""
        return f"{self.bot.url}/api/approvals/{self.approval.token}"

    async def visit(self, person: str, address: str = "", **options: Any) -> Page:
        """Follow a link in a new browser context, and sign in if necessary."""
        context = await self.browser.new_context(**options)
        page = await context.new_page()
        await page.goto(address or self.address)
        await click_and_wait(page, page.locator(f"button[value={person}]"))
        return page

    async def settle(self) -> None:
        """Let the bot process everything that is pending."""
        await self.bot.host.settle()


async def click_and_wait(page: Page, button: Locator) -> None:
    """Click, then wait for the next page, because a click on its own does not wait."""
    async with page.expect_navigation():
        await button.click()


@asynccontextmanager
async def site(folder: Path, config: str = APPROVAL_CONFIG, settings: dict[str, str] = SETTINGS) -> AsyncIterator[Site]:
    """The world, the bot, and the browser."""
    async with chromium() as browser:
        with running_simulation(fleet()) as simulation, environment(settings):
            bot = Bot(simulation, folder, config)
            async with bot:
                run = await bot.start_run(TWO_POOLS)
                yield Site(bot, browser, run)
