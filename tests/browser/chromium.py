"""A browser for tests, and the checks that every page must pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ViewportSize, async_playwright

from tests.skip_unless import need
from tools.browser import NoBrowserError, browser

#: Screenshots for people to review. They are not committed.
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "browser"
PHONE: ViewportSize = {"width": 380, "height": 780}
DESK: ViewportSize = {"width": 1280, "height": 900}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a separate browser."""
    path, problem = await asyncio.to_thread(_browser)
    need(path, problem)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield started
        finally:
            await started.close()


@cache
def _browser() -> tuple[Path | None, str]:
    """The path of the browser, or the reason why there is none. Cached so that a failed installation is not retried for each test."""
    try:
        return browser(), ""
    except NoBrowserError as error:
        return None, str(error)


async def save_screenshot(page: Any, name: str) -> None:
    """Save a screenshot of the whole page under build/."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


# Every text whose contrast with its background is below 4.5 to 1 (WCAG AA).
LOW_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const paper = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!text || e.closest("title, script, style, noscript")) continue;
    const style = getComputedStyle(e);
    const a = luminance(parse(e.closest("svg") ? style.fill : style.color)), b = luminance(paper(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(text + " " + ratio.toFixed(2));
  }
  return faint;
}"""
