"""The approval page: a GET shows a request and decides nothing; a POST of its form decides, as the person who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from ops.approvals.requests import current_rule, request_by_token
from ops.approvals.votes import ApprovalAction, VoteOutcome, record_vote
from ops.context import Context
from ops.endpoints.approval_form import FormTokens, RefusedFormError, check_origin, read_form
from ops.endpoints.easy_auth import UnusableIdentityError, signed_in
from ops.endpoints.page_access import PageAccess
from ops.endpoints.rejected_requests import Rejection
from ops.model.approval import Approval, Choice
from ops.model.people import Identity
from ops.policy.approval_times import expired_if_due
from ops.policy.approvers import approvers, needed
from ops.policy.people import person_of
from ops.policy.select import ring_window
from ops.policy.voting import may_decide
from ops.render.approval_page import (
    Banner,
    NoticePage,
    RequestPage,
    Viewer,
    content_security_policy,
    notice_html,
    request_html,
)
from ops.runbooks import runbooks
from ops.settings import Settings

DOOR = "page"
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
    # Not `no-referrer`: with that browsers send the form's Origin as null. The page's address still goes nowhere else.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One HTTP request for a page. Header names are in lower case; `url` is whole, as the browser asked for it."""

    method: str
    url: str
    word: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The page's own path."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered."""

    status: HTTPStatus
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def unavailable(why: str) -> Page:
    """503: nobody can decide here now; says why and where else."""
    lines = (
        f"Nobody can decide here: {why}.",
        "The buttons in Slack or Teams, where there are any, do not need this page.",
    )
    return _page(HTTPStatus.SERVICE_UNAVAILABLE, notice_html(NoticePage("This page is not available", lines)))


def answer_page(context: Context, door: PageAccess, asked: PageRequest) -> Page:
    """GET, HEAD and POST `approvals/{word}`. Raises OutsideError where the store does not answer: nothing is decided then."""
    try:
        return _answer(context, door, asked)
    except PageRefusedError as refused:
        door.refusals.note(context, DOOR, refused.refusal, asked.body)
        return _refused(refused)


class PageRefusedError(Exception):
    """Nothing is shown, nothing decided: the refusal, who was there, and what else they may do."""

    def __init__(self, refusal: Rejection, viewer: str = "", links: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(refusal.text)
        self.refusal, self.viewer, self.links = refusal, viewer, links


def _answer(context: Context, door: PageAccess, asked: PageRequest) -> Page:
    settings = context.config.settings
    if door.missing or settings is None:
        return unavailable(door.missing or "Daytwo has no valid configuration")
    try:
        identity = signed_in(asked.headers)
    except UnusableIdentityError as error:
        raise PageRefusedError(
            Rejection(HTTPStatus.FORBIDDEN, "unusable-identity", f"you are signed in, but {error}")
        ) from None
    if identity is None:
        return _to_sign_in(asked)
    if not settings.people.entra_tenant or identity.tenant != settings.people.entra_tenant:
        why = "your account belongs to another organisation than the one that Daytwo's configuration names"
        raise PageRefusedError(Rejection(HTTPStatus.FORBIDDEN, "another-tenant", why), identity.shown)
    visit = _Visit(context, settings, FormTokens(door.key, context.ports.clock.now), identity, asked.word)
    return _decide(visit, asked) if asked.method == "POST" else _show(visit)


@dataclass(frozen=True, slots=True)
class _Visit:
    """Somebody who is signed in, before one request."""

    context: Context
    settings: Settings
    tokens: FormTokens
    identity: Identity
    word: str

    @property
    def shown(self) -> str:
        """By which name they are greeted: ours, else their own."""
        person = person_of(self.settings, self.identity)
        return person.name if person else self.identity.shown or "somebody"


def _show(visit: _Visit) -> Page:
    approval = _approval(visit)
    old = visit.word != approval.token and not approval.state.is_decided
    told = Banner("What is asked has changed since your link was made. This is how it is now.") if old else None
    return _page(HTTPStatus.OK, _request(visit, approval, told))


def _decide(visit: _Visit, asked: PageRequest) -> Page:
    """A form that is ours decides; every other is refused, and the refusal is on record."""
    ports = visit.context.ports
    hosts = frozenset({urlsplit(asked.url).netloc, urlsplit(ports.address).netloc} - {""})
    try:
        check_origin(asked.headers, hosts)
        form = read_form(asked.headers, asked.body)
        event = visit.tokens.event(form.token, visit.identity, visit.word)
    except RefusedFormError as error:
        refusal = Rejection(HTTPStatus(error.status), error.reason, str(error))
        raise PageRefusedError(refusal, visit.shown, (("Open the page again", asked.path),)) from None
    decided = record_vote(visit.context, ApprovalAction(visit.word, form.choice, visit.identity, event, form.reason))
    return _told(visit, decided)


def _told(visit: _Visit, decided: VoteOutcome) -> Page:
    """What came of it, above the request as it is now."""
    status = _STATUS[decided.result]
    approval = _approval(visit)
    told = Banner(f"{_sentence(decided.text)}.", good=status is HTTPStatus.OK)
    return _page(status, _request(visit, approval, told))


def _request(visit: _Visit, approval: Approval, told: Banner | None) -> str:
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
            told=told,
        )
    )


def _approval(visit: _Visit) -> Approval:
    """The request that a word names, as it is now. Raises RefusedError, the same for every word that names none."""
    found = request_by_token(visit.context.ports.store, visit.word)
    if found is None:
        why = "there is no such request, or none any more; the newest message in your chat has the link that counts"
        raise PageRefusedError(Rejection(HTTPStatus.NOT_FOUND, "unknown-request", why), visit.shown)
    return expired_if_due(found, visit.context.ports.clock.now())


def _zone(settings: Settings, approval: Approval) -> str:
    """The zone of the window in which it would be done."""
    if approval.runbook == "reboot" and settings.reboot is not None:
        return settings.reboot.window.zone
    ring = next((ring for ring in settings.fleet.rings if ring.name == approval.ring), None)
    if ring is not None and (ring.window or settings.node_image):
        return ring_window(settings, ring).zone
    return settings.node_image.window.zone if settings.node_image else "UTC"


def _to_sign_in(asked: PageRequest) -> Page:
    """Who reads is asked to sign in. Raises RefusedError: what was sent by nobody decides nothing."""
    login = f"{LOGIN}?post_login_redirect_uri={quote(asked.path, safe='')}"
    if asked.method != "POST":
        return Page(HTTPStatus.FOUND, headers={**_HEADERS, "Location": login})
    refusal = Rejection(HTTPStatus.FORBIDDEN, "not-signed-in", "you are not signed in any more, so nothing is decided")
    raise PageRefusedError(refusal, links=(("Sign in and look again", login),))


def _refused(refused: PageRefusedError) -> Page:
    status = refused.refusal.status
    heading = "There is no such page" if status is HTTPStatus.NOT_FOUND else "Nothing was decided"
    lines = (f"{_sentence(refused.refusal.text)}.",)
    return _page(status, notice_html(NoticePage(heading, lines, refused.viewer, refused.links)))


def _page(status: HTTPStatus, html: str) -> Page:
    return Page(status, html, {**_HEADERS, "Content-Security-Policy": content_security_policy()})


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
