"""The gallery shows every message in every state in all three chats, within their limits, and works without network access."""

import base64
import json
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from ops.chats import renderer
from ops.chats.slack.renderer import with_picture as with_file
from ops.chats.teams.renderer import with_picture
from ops.cli import main
from ops.model.approval import ApprovalState
from ops.model.run import State
from ops.render import cluster_conditions
from ops.render import conditions as render_conditions
from ops.runbooks import runbooks
from simulator import npm
from simulator.chat_preview.official_renderer import PlainDrawer, node_drawer
from simulator.gallery import conditions as shown_conditions
from simulator.gallery.page import gallery
from simulator.gallery.samples import Sample, samples
from simulator.slack.blocks import fault_of
from tests.browser.chromium import DESK, PHONE, chromium, save_screenshot
from tests.simulator.host.harness import async_test
from tests.skip_unless import need

SAMPLES = samples()
FORMS = 2
# Message limits in Teams: https://learn.microsoft.com/microsoftteams/platform. 28 kB for a webhook and 100 kB for
# a bot, when expanded.
WEBHOOK_BYTES, BOT_BYTES = 20_000, 80_000


def captions(section: str) -> list[str]:
    return [sample.caption for sample in SAMPLES if sample.section == section]


@pytest.mark.parametrize("runbook", sorted(runbooks()))
def test_every_runbook_is_shown_in_every_state(runbook: str) -> None:
    title = runbooks()[runbook].title
    assert [caption for caption in captions(title) if caption in set(State)] == [str(state) for state in State]
    states = {sample.message.state for sample in SAMPLES if sample.section == title}
    assert states == set(State)


def test_approvals_are_shown_in_every_state_for_one_and_for_several_clusters() -> None:
    wanted = [f"{state}, {number}" for number in ("one cluster", "several clusters") for state in ApprovalState]
    assert captions("Approvals")[: len(wanted)] == wanted
    assert {"reminder", "escalation"} <= set(captions("Approvals"))


def test_the_other_messages_are_complete() -> None:
    assert captions("Rollout") == ["running", "halted", "done", "running, a ring of sixty clusters"]
    assert captions("Configuration") == ["is not valid", "is valid again"]
    assert captions("Digest") == ["a week"]
    assert {"help", "status", "why", "plan", "refused"} <= set(captions("Commands"))


def functions_in(module: ModuleType) -> set[str]:
    return {
        name
        for name, value in vars(module).items()
        if name.endswith("_message") and value.__module__ == module.__name__
    }


def test_every_condition_is_shown() -> None:
    named = set(vars(shown_conditions))
    assert (functions_in(render_conditions) | functions_in(cluster_conditions)) - named == set()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.section}-{sample.caption}")
def test_every_message_is_within_the_limits_of_its_chat(sample: Sample) -> None:
    slack = json.loads(json.dumps(with_file(renderer("slack")(sample.message), "F0PICTURE1")))
    assert fault_of(slack) is None
    card, bot = renderer("teams")(sample.message), with_picture(renderer("teams-bot")(sample.message), sample.picture)
    assert len(json.dumps(card, ensure_ascii=False).encode()) <= WEBHOOK_BYTES
    assert len(json.dumps(bot).encode()) <= BOT_BYTES


def test_the_digest_has_a_picture_in_chats_that_support_pictures() -> None:
    """Messages are rendered as in the chats. In Teams, messages posted by a workflow's webhook do not show pictures."""
    (digest,) = [sample for sample in SAMPLES if sample.picture]
    assert digest.picture is not None
    assert digest.picture.startswith(b"\x89PNG")
    drawn = f'src="data:image/png;base64,{base64.b64encode(digest.picture).decode()}"'
    page = gallery(PlainDrawer())
    assert page.count(drawn) == 2
    assert page.count("Timeline of the week for 6 clusters") == 3


def test_the_gallery_includes_the_rejection_forms() -> None:
    page = gallery(PlainDrawer())
    assert page.count("One rejection decides, even if others have approved") == 2
    assert page.count("Reject this?") == 1


def test_the_gallery_is_rendered_plainly_without_node() -> None:
    page = gallery(PlainDrawer())
    assert page.count("<figure") == 3 * len(SAMPLES) + FORMS
    assert page.count("3 of 3 nodes run 202611.12.0 and are Ready") >= 9


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    out = tmp_path / "shown" / "gallery.html"
    output = CliRunner().invoke(main, ["gallery", "--out", str(out)])
    assert output.exit_code == 0, output.output
    assert out.read_text().count("<figure") == 3 * len(SAMPLES) + FORMS


@async_test
async def test_the_page_has_two_themes_and_does_not_load_external_resources(tmp_path: Path) -> None:
    need(not npm.missing(), f"the chats' renderers: {npm.missing()}")
    file = tmp_path / "gallery.html"
    with node_drawer() as drawer:
        file.write_text(gallery(drawer))
    requests: list[str] = []
    async with chromium() as browser:
        for name, size in (("wide", DESK), ("narrow", PHONE)):
            page = await browser.new_page(color_scheme="light", viewport=size)
            page.on("request", lambda request: requests.append(request.url))
            await page.goto(file.as_uri())
            await save_screenshot(page, f"gallery-light-{name}")
            light, dark = page.locator(".drawn.light").first, page.locator(".drawn.dark").first
            assert (await light.is_visible(), await dark.is_visible()) == (True, False)
            await page.locator("#dark").check()
            await save_screenshot(page, f"gallery-dark-{name}")
            assert (await light.is_visible(), await dark.is_visible()) == (False, True)
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        # Buttons are shown only while a request is pending: two in Slack and two for the Teams bot.
        pending = page.locator("article", has=page.get_by_role("heading", name="pending, one cluster"))
        assert await pending.locator(".drawn.dark button", has_text="Approve").count() == 2
        approved = page.locator("article", has=page.get_by_role("heading", name="approved, one cluster"))
        assert await approved.locator("button").count() == 0
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
