"""The approval page in a browser, served by the real app: people sign in, read, and decide."""

from pathlib import Path

from ops.model.approval import ApprovalState
from ops.model.run import State
from tests.browser.chromium import DESK, PHONE, save_screenshot
from tests.browser.site import Site, click_and_wait, site
from tests.flows.fleet import after
from tests.simulator.host.harness import async_test


def state_of(here: Site) -> State:
    return here.run.state


UPGRADES = ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]


@async_test
async def test_an_approval_on_the_page_resumes_the_run(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        assert state_of(here) is State.NEEDS_YOU
        page = await here.visit("ana", viewport=PHONE)
        assert page.url == here.address
        reported = await page.locator("main").inner_text()
        assert "You can decide" in reported
        assert "user1" in reported
        await page.get_by_label("Reason").fill("looks fine")
        await save_screenshot(page, "real-pending")
        await click_and_wait(page, page.get_by_role("button", name="Approve"))
        assert "Approved. Daytwo re-checks the plan" in await page.get_by_role("status").inner_text()
        assert await page.locator("button").count() == 0
        await save_screenshot(page, "real-approved")
        await here.settle()
        assert (here.approval.state, here.approval.decided_by) == (ApprovalState.APPROVED, "ana")
        await here.bot.run_until(after(hours=2))
        assert state_of(here) is State.DONE
        assert here.bot.started_operations() == UPGRADES


@async_test
async def test_a_rejected_request_ends_the_run(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.visit("ben", viewport=DESK)
        await page.get_by_label("Reason").fill("the sale ends on Thursday")
        await click_and_wait(page, page.get_by_role("button", name="Reject"))
        await here.settle()
        assert "Rejected by ben" in await page.locator("main").inner_text()
        await here.bot.run_until(after(hours=2))
        assert state_of(here) is State.HALTED
        assert "the sale ends on Thursday" in here.run.why
        assert here.bot.started_operations() == []


@async_test
async def test_a_double_click_counts_as_one_approval(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.visit("ana")
        await page.get_by_role("button", name="Approve").dblclick(no_wait_after=True)
        await page.get_by_role("status").wait_for()
        await here.settle()
        assert "Approved. Daytwo re-checks the plan" in await page.get_by_role("status").inner_text()
        assert len(here.approval.votes) == 1
        results = {e.data["result"] for e in here.bot.ledger("2026-11-16") if e.kind == "attempt"}
        assert results == {"approved"}


@async_test
async def test_an_expired_link_does_not_show_buttons(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        early = await here.visit("ana")
        await here.bot.run_until(after(hours=2, minutes=10))
        late = await here.visit("ana")
        assert await late.locator("button").count() == 0
        assert "Expired" in await late.locator("main").inner_text()
        # The form was loaded in time but is now more than an hour old.
        await click_and_wait(early, early.get_by_role("button", name="Approve"))
        assert "older than an hour" in await early.locator("main").inner_text()
        assert state_of(here) is State.SKIPPED
        assert here.bot.started_operations() == []


@async_test
async def test_a_person_who_cannot_decide_does_not_see_buttons(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        cleo = await here.visit("cleo")
        assert "not an approver of this" in await cleo.locator("main").inner_text()
        assert await cleo.locator("button").count() == 0
        mal = await here.visit("mal")
        assert "shop-dev" not in await mal.locator("body").inner_text()


@async_test
async def test_a_stolen_form_token_is_rejected(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        ana, ben = await here.visit("ana"), await here.visit("ben")
        stolen = await ana.locator("input[name=csrf]").input_value()
        await ben.locator("input[name=csrf]").evaluate("(field, token) => { field.value = token }", stolen)
        await click_and_wait(ben, ben.get_by_role("button", name="Approve"))
        assert "was issued for another person or request" in await ben.locator("main").inner_text()
        assert here.approval.state is ApprovalState.PENDING


@async_test
async def test_a_link_scanner_does_not_decide_the_request(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        for method in ("GET", "HEAD"):
            path = f"/api/approvals/{here.approval.token}"
            async with here.bot.http.request(method, path, allow_redirects=False) as answer:
                assert answer.status == 302
                assert await answer.text() == ""
        assert here.approval.state is ApprovalState.PENDING
        assert [
            entry.kind for entry in here.bot.ledger("2026-11-16") if entry.kind in ("attempt", "refused-request")
        ] == []


@async_test
async def test_a_cross_site_form_is_rejected(tmp_path: Path) -> None:
    """Browsers do not send the cookie with a form from another site; if they did, they would state its origin."""
    async with site(tmp_path) as here:
        page = await here.visit("ana")
        token = await page.locator("input[name=csrf]").input_value()
        form = (
            f'<form method="post" action="{here.address}"><input name="choice" value="approve">'
            f'<input name="csrf" value="{token}"><button>Win a prize</button></form>'
        )
        await page.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
        await page.goto("http://evil.example/")
        await click_and_wait(page, page.get_by_role("button"))
        assert "decided" in await page.locator("main").inner_text()
        assert here.approval.state is ApprovalState.PENDING


@async_test
async def test_identity_headers_are_ignored_while_sign_in_is_disabled(tmp_path: Path) -> None:
    async with site(tmp_path, settings={"DAYTWO_PAGE_KEY": "a key of thirty-two characters.."}) as here:
        page = await here.browser.new_page(extra_http_headers={"X-MS-CLIENT-PRINCIPAL": "e30="})
        answer = await page.goto(here.address)
        assert answer is not None
        assert answer.status == 503
        assert "sign-in is not enabled" in await page.locator("main").inner_text()


@async_test
async def test_the_page_complies_with_its_content_security_policy(tmp_path: Path) -> None:
    """Its content security policy allows its own styles, and the browser reports no violations."""
    async with site(tmp_path) as here:
        reported: list[str] = []
        page = await here.visit("ana")
        page.on("console", lambda message: reported.append(message.text))
        await page.reload()
        assert reported == []
        accent = await page.get_by_role("button", name="Approve").evaluate("e => getComputedStyle(e).backgroundColor")
        assert accent == "rgb(31, 95, 208)"
