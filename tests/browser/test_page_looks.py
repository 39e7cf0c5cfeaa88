"""The approval page in every state: it fits the screen, has enough contrast, and all its elements have accessible names."""

from dataclasses import replace
from typing import Any

import pytest

from ops.model.approval import Approval, ApprovalState, Vote
from ops.render.approval_page import Banner, NoticePage, RequestPage, Viewer, notice_html, request_html
from simulator.gallery.requests import NOW, REBOOT, SEVERAL, in_state, request
from tests.browser.chromium import DESK, LOW_CONTRAST, PHONE, chromium, save_screenshot
from tests.simulator.host.harness import async_test


def shown(approval: Approval, why_not: str = "", banner: Banner | None = None, needed: int = 1) -> str:
    """The page on which a person sees a request."""
    return request_html(
        RequestPage(
            approval=approval,
            title="Reboots" if approval.runbook == "reboot" else "Node images",
            zone="Europe/Amsterdam",
            now=NOW,
            viewer=Viewer("ana", why_not),
            deciders=("ana", "ben"),
            needed=needed,
            label="platform",
            form="" if why_not else "token",
            banner=banner,
        )
    )


HALF = request(*SEVERAL, needed=2, votes=(Vote("ben", "slack", NOW, "e1"),))
PAGES = {
    "pending": shown(request()),
    "pending-several": shown(HALF, needed=2),
    "pending-changed": shown(request(*SEVERAL), banner=Banner("The request has changed since your link was created.")),
    "pending-others": shown(request(), "you are not an approver of this request: ask platform"),
    "pending-reboot": shown(REBOOT),
    "just-approved": shown(
        in_state(ApprovalState.APPROVED),
        "it was approved",
        Banner("Approved. Daytwo re-checks the plan before executing it.", good=True),
    ),
    "late": shown(in_state(ApprovalState.REJECTED), "it was rejected", Banner("It was rejected by ben.")),
    **{str(state): shown(in_state(state, *SEVERAL), "it is decided") for state in ApprovalState if state.is_decided},
    "notice": notice_html(
        NoticePage(
            "Nothing was decided", ("This form is older than an hour.",), "Ana Lima", (("Open the page again", "/"),)
        )
    ),
}
LONG = replace(
    SEVERAL[0], target_name="a-cluster-with-the-longest-name-that-azure-allows-for-any-cluster-12345", why="x" * 300
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@async_test
async def test_every_state_fits_the_screen_with_enough_contrast(scheme: Any) -> None:
    async with chromium() as browser:
        for width, size in (("narrow", PHONE), ("wide", DESK)):
            context = await browser.new_context(color_scheme=scheme, viewport=size)
            page = await context.new_page()
            for name, text in PAGES.items():
                await page.set_content(text)
                await save_screenshot(page, f"approval-{name}-{scheme}-{width}")
                assert await page.evaluate(LOW_CONTRAST) == [], name
                assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


@async_test
async def test_long_names_fit_a_phone_screen() -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=PHONE)
        await page.set_content(shown(request(LONG)))
        assert await page.evaluate("document.documentElement.scrollWidth") == 380


@async_test
async def test_all_elements_have_accessible_names() -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.set_content(PAGES["pending-several"])
        assert await page.evaluate("document.documentElement.lang") == "en"
        assert await page.get_by_role("button", name="Approve", exact=True).count() == 1
        assert await page.get_by_role("button", name="Reject", exact=True).count() == 1
        assert await page.get_by_role("textbox", name="Reason").count() == 1
        headings = [await heading.inner_text() for heading in await page.locator("h1, h2").all()]
        assert headings == ["Node images · production · 3 clusters", "What exactly will be done", "Decide"]
