"""The approval page: GET shows a request and changes nothing; a POST of its form records the signed-in person's vote."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from ops.approvals.requests import current_rule, request_by_token
from ops.approvals.votes import ApprovalAction, VoteOutcome, record_vote
from ops.context import Context
from ops.endpoints.approval_form import FormTokens, PageAccess, RefusedFormError, check_origin, read_form
from ops.endpoints.easy_auth import UnusableIdentityError, signed_in
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import Rejection
from ops.model.approval import Approval, Choice
from ops.model.people import Identity
from ops.policy.approval_times import expired_if_due
from ops.policy.approvers import approvers, needed
from ops.policy.people import person_of
from ops.policy.voting import may_decide
from ops.ports.errors import OutsideError
from ops.render.approval_page import (
    Banner,
    NoticePage,
    RequestPage,
    Viewer,
    content_security_policy,
    notice_html,
    request_html,
)
from ops.render.phrases import sentence
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.settings.identity import ENTRA

ENDPOINT = "page"
LOGIN = "/.auth/login/aad"
_STATUS = {
    "approved": HTTPStatus.OK,
    "rejected": HTTPStatus.OK,
    "counted": HTTPStatus.OK,
    "repeated": HTTPStatus.CONFLICT,
    "outdated": HTTPStatus.CONFLICT,
    "late": HTTPStatus.CONFLICT,
    "expired": HTTPStatus.GONE,
    "unknown": HTTPStatus.NOT_FOUND,
    "unknown-person": HTTPStatus.FORBIDDEN,
    "not-approver": HTTPStatus.FORBIDDEN,
    "self": HTTPStatus.FORBIDDEN,
}
_HEADERS = {
    "Cache-Control": "no-store",
    # With `no-referrer`, browsers would send the form's Origin as null. Other sites do not receive the page's address either way.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


def unavailable(why: str) -> HttpResponse:
    """Returns 503 with the reason why the page cannot accept decisions now."""
    lines = (f"Decisions are not possible here: {why}.", "The buttons in your chat still work.")
    return _page(HTTPStatus.SERVICE_UNAVAILABLE, notice_html(NoticePage("This page is not available", lines)))


def serve_page(context: Context, access: PageAccess, request: HttpRequest) -> HttpResponse:
    """GET, HEAD and POST `approvals/{token}`. If the store does not answer, nothing is decided and the page is unavailable."""
    try:
        return _answer(context, access, request)
    except PageRefusedError as refused:
        access.rejected.note(context, ENDPOINT, refused.rejection, request.body)
        return _refused(refused)
    except OutsideError:
        return unavailable("Daytwo's records are not available; try again in a minute")


class PageRefusedError(Exception):
    """The page rejects the request: nothing is shown or decided. `links` offer what the viewer can do instead."""

    def __init__(self, rejection: Rejection, viewer: str = "", links: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(rejection.text)
        self.rejection, self.viewer, self.links = rejection, viewer, links


def _answer(context: Context, access: PageAccess, request: HttpRequest) -> HttpResponse:
    settings = context.config.settings
    if access.missing or settings is None:
        return unavailable(access.missing or "Daytwo has no valid configuration")
    try:
        identity = signed_in(request.headers)
    except UnusableIdentityError as error:
        raise PageRefusedError(
            Rejection(HTTPStatus.FORBIDDEN, "unusable-identity", f"you are signed in, but {error}")
        ) from None
    if identity is None:
        return _to_sign_in(request)
    if identity.tenant != settings.people.tenants.get(ENTRA.name):
        why = "your account does not belong to the organization in Daytwo's configuration"
        raise PageRefusedError(Rejection(HTTPStatus.FORBIDDEN, "another-tenant", why), identity.shown)
    visit = _Visit(
        context, settings, FormTokens(access.key, context.ports.clock.now), identity, request.params["token"]
    )
    return _decide(visit, request) if request.method == "POST" else _show(visit)


@dataclass(frozen=True, slots=True)
class _Visit:
    """A signed-in person who is viewing one request."""

    context: Context
    settings: Settings
    tokens: FormTokens
    identity: Identity
    token: str

    @property
    def shown(self) -> str:
        """The person's configured name, or their name in Microsoft Entra ID if there is none."""
        person = person_of(self.settings, self.identity)
        return person.name if person else self.identity.shown or "unknown"


def _show(visit: _Visit) -> HttpResponse:
    approval = _approval(visit)
    old = visit.token != approval.token and not approval.state.is_decided
    banner = Banner("The request has changed since your link was created. This is its current state.") if old else None
    return _page(HTTPStatus.OK, _request(visit, approval, banner))


def _decide(visit: _Visit, request: HttpRequest) -> HttpResponse:
    """Records the vote if the form is valid; rejects and records every other form.

    Raises:
        PageRefusedError: the form is not valid.
    """
    ports = visit.context.ports
    hosts = frozenset({urlsplit(request.url).netloc, urlsplit(ports.address).netloc} - {""})
    try:
        check_origin(request.headers, hosts)
        form = read_form(request.headers, request.body)
        event = visit.tokens.event(form.token, visit.identity, visit.token)
    except RefusedFormError as error:
        rejection = Rejection(HTTPStatus(error.status), error.reason, str(error))
        raise PageRefusedError(rejection, visit.shown, (("Open the page again", urlsplit(request.url).path),)) from None
    decided = record_vote(visit.context, ApprovalAction(visit.token, form.choice, visit.identity, event, form.reason))
    return _result_page(visit, decided)


def _result_page(visit: _Visit, outcome: VoteOutcome) -> HttpResponse:
    """Shows the result above the current state of the request."""
    status = _STATUS[outcome.result]
    approval = _approval(visit)
    banner = Banner(sentence(outcome.text), good=status is HTTPStatus.OK)
    return _page(status, _request(visit, approval, banner))


def _request(visit: _Visit, approval: Approval, banner: Banner | None) -> str:
    settings, now = visit.settings, visit.context.ports.clock.now()
    rule = current_rule(settings, approval)
    person = person_of(settings, visit.identity)
    verdict = may_decide(approval, rule, person, settings, now, Choice.APPROVE)
    may_reject = may_decide(approval, rule, person, settings, now, Choice.REJECT) is None
    return request_html(
        RequestPage(
            approval=approval,
            title=runbooks()[approval.runbook].title,
            zone=_zone(settings, approval),
            now=now,
            viewer=Viewer(visit.shown, verdict.text if verdict else ""),
            deciders=approvers(approval, rule) if rule else approval.approvers,
            needed=needed(approval, rule, settings) if rule else approval.needed,
            label=rule.label if rule else "",
            form=visit.tokens.make(visit.identity, approval.token) if may_reject else "",
            banner=banner,
        )
    )


def _approval(visit: _Visit) -> Approval:
    """Shows the current state of the request.

    Raises:
        PageRefusedError: the token is unknown; the text is the same for every unknown token.
    """
    approval = request_by_token(visit.context.ports.store, visit.token)
    if approval is None:
        why = "there is no such request, or it no longer exists; the newest message in your chat has the current link"
        raise PageRefusedError(Rejection(HTTPStatus.NOT_FOUND, "unknown-request", why), visit.shown)
    return expired_if_due(approval, visit.context.ports.clock.now())


def _zone(settings: Settings, approval: Approval) -> str:
    """Returns the time zone of the window in which the plan would be executed."""
    openings = runbooks()[approval.runbook].openings(settings)
    own = [opening for opening in openings if opening.ring in ("", approval.ring)]
    return next((opening.window.zone for opening in (*own, *openings)), "UTC")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirects to the sign-in page.

    Raises:
        PageRefusedError: the request submits a form, which decides nothing unless a person is signed in.
    """
    login = f"{LOGIN}?post_login_redirect_uri={quote(urlsplit(request.url).path, safe='')}"
    if request.method != "POST":
        return HttpResponse(HTTPStatus.FOUND, "", {**_HEADERS, "Location": login}, "text/html")
    rejection = Rejection(HTTPStatus.FORBIDDEN, "not-signed-in", "you are no longer signed in, so nothing was decided")
    raise PageRefusedError(rejection, links=(("Sign in and review it again", login),))


def _refused(refused: PageRefusedError) -> HttpResponse:
    status = refused.rejection.status
    heading = "Page not found" if status is HTTPStatus.NOT_FOUND else "Nothing was decided"
    lines = (sentence(refused.rejection.text),)
    return _page(status, notice_html(NoticePage(heading, lines, refused.viewer, refused.links)))


def _page(status: HTTPStatus, html: str) -> HttpResponse:
    return HttpResponse(status, html, {**_HEADERS, "Content-Security-Policy": content_security_policy()}, "text/html")
