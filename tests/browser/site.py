"""The real app on the local host with sign-in switched on, one request for approval asked, and a browser to visit it."""

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

ASKING = (
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
    """A bot that has asked for the approval of one run, and a browser."""

    bot: Bot
    browser: Browser
    run_id: str

    @property
    def approval(self) -> Approval:
        """Of this run: an hour later the week's rollout asks as well."""
        return approvals(self.bot.store).must_get(self.run.approval).value

    @property
    def run(self) -> Run:
        """As it is recorded now."""
        return self.bot.run(self.run_id)

    @property
    def address(self) -> str:
        """The link that a message has."""
        return f"{self.bot.url}/api/approvals/{self.approval.token}"

    async def visit(self, person: str, address: str = "", **options: Any) -> Page:
        """Follow a link in a browser of one's own, and sign in where one is asked to."""
        context = await self.browser.new_context(**options)
        page = await context.new_page()
        await page.goto(address or self.address)
        await go(page, page.locator(f"button[value={person}]"))
        return page

    async def settle(self) -> None:
        """Let the bot do what it was told."""
        await self.bot.host.settle()


async def go(page: Page, button: Locator) -> None:
    """Click, and wait for the page to which that leads: a click alone waits for nothing."""
    async with page.expect_navigation():
        await button.click()


@asynccontextmanager
async def site(folder: Path, config: str = ASKING, settings: dict[str, str] = SETTINGS) -> AsyncIterator[Site]:
    """The world, the bot and the browser."""
    async with chromium() as browser:
        with running_simulation(fleet()) as simulation, environment(settings):
            bot = Bot(simulation, folder, config)
            async with bot:
                run = await bot.begin(TWO_POOLS)
                yield Site(bot, browser, run)
