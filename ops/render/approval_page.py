"""The page for a request for approval: everything that will be executed, who can decide, and the form for those who can."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ops.model.approval import Approval, ApprovalState, Part, PartState
from ops.model.plan import Plan, Step
from ops.model.reasons import SkipReason
from ops.model.wording import clock, visible
from ops.render.approval import STATES
from ops.render.phrases import SIGNS, duration, plural

if TYPE_CHECKING:
    from jinja2 import Environment

_RISKS = {
    "in-place": "in place, one node after another",
    "surge": "surge nodes are added first, then the old nodes are drained",
    "forced": "AKS drains through PDBs: they protect nothing",
    "drain": "a node is drained and restarted",
    "power": "the cluster is stopped or started",
    "none": "nothing is disrupted",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, by their known name. `why_not` says why they cannot decide now; it is empty if they can."""

    name: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Banner:
    """The result of a vote, or a notice shown before it; `good` means that the vote counts."""

    text: str
    good: bool = False


@dataclass(frozen=True, slots=True)
class RequestPage:
    """The contents of a request's page. `zone` is the window's time zone; `form` binds the form to viewer and request."""

    approval: Approval
    title: str
    zone: str
    now: datetime
    viewer: Viewer
    deciders: tuple[str, ...]
    needed: int
    label: str = ""
    form: str = ""
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """A page without a request: the problem, and how to solve it."""

    heading: str
    lines: tuple[str, ...]
    viewer: str = ""
    links: tuple[tuple[str, str], ...] = field(default=())


def request_html(page: RequestPage) -> str:
    """Returns the HTML document."""
    approval = page.approval
    state = STATES[approval.state]
    parts = tuple(_shown(part) for part in approval.parts)
    active = approval.active_parts
    return (
        _templates()
        .get_template("request.html")
        .render(
            page=page,
            approval=approval,
            viewer=page.viewer.name,
            pending=not approval.state.is_decided,
            may=not approval.state.is_decided and not page.viewer.why_not,
            sign=SIGNS[state],
            tone=str(state).replace(" ", "-"),
            word="needs you" if approval.state is ApprovalState.PENDING else str(approval.state),
            clusters=plural(len(active), "cluster"),
            where=active[0].target_name if len(active) == 1 else plural(len(active), "cluster"),
            nodes=plural(sum(part.plan.nodes for part in active), "node"),
            parts=parts,
            left=duration(approval.expires - page.now) if approval.expires > page.now else "",
            moment=lambda at: moment(at, page.zone, page.now),
        )
    )


def notice_html(page: NoticePage) -> str:
    """Returns the HTML document."""
    return _templates().get_template("notice.html").render(page=page, viewer=page.viewer)


def moment(at: datetime, zone: str, now: datetime) -> str:
    """Formats an instant in the window's time zone and in UTC; without JavaScript, the reader's own zone is unknown."""
    local = at.astimezone(ZoneInfo(zone))
    day = f"{local:%a %-d %b}" if local.year == now.year else f"{local:%a %-d %b %Y}"
    if zone == "UTC":
        return f"{day}, {local:%H:%M} UTC"
    # Time zones without an abbreviation are called `+03`; the zone's name is clearer.
    short = local.tzname() or ""
    named = short if short.isalpha() else zone
    utc = f"{at:%H:%M} UTC" if at.date() == local.date() else f"{clock(at)}"
    return f"{day}, {local:%H:%M} {named} ({utc})"


@cache
def content_security_policy() -> str:
    """The page's content security policy: it loads nothing, runs no scripts, cannot be framed, and submits its form only to itself."""
    digest = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """One step as people see it: its title, what it changes, its expected duration."""

    title: str
    detail: str
    takes: str


@dataclass(frozen=True, slots=True)
class _ShownPart:
    part: Part
    active: bool
    state: str
    facts: str
    steps: tuple[_Line, ...]
    following: tuple[_Line, ...]
    reasons: tuple[str, ...]
    skips: tuple[str, ...]


def _shown(part: Part) -> _ShownPart:
    plan = part.plan
    return _ShownPart(
        part=part,
        active=part.state is PartState.ASKED,
        state=str(part.state),
        facts=_facts(plan),
        steps=tuple(_line(step) for step in plan.steps),
        following=tuple(_line(step) for step in plan.following),
        reasons=tuple(reason for reason in plan.reasons if not _is_shown(reason, plan)),
        skips=tuple(
            f"{skip.what} is left out: {skip.why}" for skip in plan.skips if skip.code is not SkipReason.ALREADY_LATEST
        ),
    )


def _facts(plan: Plan) -> str:
    nodes = [plural(plan.nodes, "node")] if plan.nodes else []
    return " · ".join([*nodes, _RISKS.get(plan.risk, plan.risk)])


def _is_shown(reason: str, plan: Plan) -> bool:
    """Whether the steps already name the old and the new images."""
    return any(step.params.get("image") and reason.startswith(f"{step.params.get('from')} → ") for step in plan.steps)


def _line(step: Step) -> _Line:
    minutes = round(step.expected_s / 60)
    title = f"restart {step.title}" if step.verb == "restart-node" else step.title
    return _Line(title, _change(step), f"about {minutes} min" if minutes else "")


def _change(step: Step) -> str:
    """Names the image that is replaced and the new one; a common prefix is shown once."""
    old, new = step.params.get("from", ""), step.params.get("image", "")
    if not old or not new:
        return ""
    kind, _, version = new.rpartition("-")
    return f"{old} → {version}" if kind and old.startswith(f"{kind}-") else f"{old} → {new}"


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("ops.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_visible,
    )
    templates.filters["capitalize_first"] = _capitalized
    return templates


def _visible(value: object) -> object:
    """Shows invisible characters in each text from outside. Markup is Daytwo's own."""
    return visible(value) if type(value) is str else value


def _capitalized(text: str) -> str:
    """Capitalizes only the first letter, because names keep their case."""
    return text[:1].upper() + text[1:]


@cache
def _css() -> str:
    return _templates().get_template("page.css").render()
