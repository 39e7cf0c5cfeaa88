"""Sample requests for approval: plans for two production clusters, in each state that a request can have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.model.approval import Approval, ApprovalState, Part, PartState, Vote
from ops.model.plan import Plan, Skip, Step
from ops.model.reasons import SkipReason
from ops.model.tags import TagChange

# A Wednesday afternoon in Amsterdam.
REQUESTED_AT = datetime(2026, 11, 18, 13, 5, tzinfo=UTC)
NOW = REQUESTED_AT + timedelta(minutes=40)
_OPENS = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)
_OLD, _NEW = "AKSUbuntu-2204gen2containerd-202610.29.0", "AKSUbuntu-2204gen2containerd-202611.12.0"
_MINUTES = {"system": 19, "user1": 27, "user2": 62}
REQUEST_TOKEN = "q7Jp2xW9bTfR4mKc8sVnYd1h"  # noqa: S105 - a sample, not a secret


TAG_CHANGE = TagChange("env", "prod", "dev")
TAG_EFFECTS = (
    "ring: production → pre-production",
    "approval of node-image: 1 of ana, ben → none",
    "awake per week: 168 h → 55 h",
)


def cluster_id(name: str) -> str:
    """The ARM id of a cluster in the gallery's fleet."""
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg-platform"
    return f"{group}/providers/microsoft.containerservice/managedclusters/{name}"


def image_plan(cluster: str, pools: tuple[str, ...], nodes: int, *, spot: bool = False) -> Plan:
    """New node images for some pools."""
    steps = tuple(
        Step(
            f"pool.{pool}",
            "upgrade-node-image",
            pool,
            {"pool": pool, "image": _NEW, "from": _OLD},
            60 * _MINUTES.get(pool, 24),
        )
        for pool in pools
    )
    return Plan(
        "node-image",
        cluster_id(cluster),
        steps,
        reasons=(f"{_OLD} → 202611.12.0: {', '.join(pools)}",),
        warnings=(f"{pools[-1]} is a spot pool: its nodes are replaced without a drain",) if spot else (),
        skips=(Skip("gpu", SkipReason.SNAPSHOT, "created from a snapshot"),),
        nodes=nodes,
        risk="surge",
    )


def reboot_plan(cluster: str, node: str) -> Plan:
    """A reboot of one node that requires a reboot."""
    steps = (
        Step(f"cordon.{node}", "cordon-node", f"cordon {node}", {"node": node}, 60),
        Step(f"drain.{node}", "drain-node", f"drain {node}", {"node": node}, 1_800),
        Step(f"restart.{node}", "restart-node", node, {"node": node}, 600),
    )
    return Plan("reboot", cluster_id(cluster), steps, reasons=(f"{node} requires a reboot",), nodes=1, risk="drain")


def tags_plan(cluster: str) -> Plan:
    """A change of tags that would move a cluster to the first ring."""
    title = f"accept {TAG_CHANGE}"
    step = Step("accept", "accept-tags", title, {"effect": "; ".join(TAG_EFFECTS)})
    return Plan("tags", cluster_id(cluster), (step,), reasons=(title, *TAG_EFFECTS), risk="tags")


def part(cluster: str, plan: Plan, **more: object) -> Part:
    """The part of a request that concerns one cluster."""
    plain = Part(f"node-image.{cluster}.2026-w47", cluster_id(cluster), cluster, plan, _OPENS)
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def request(*parts: Part, **more: object) -> Approval:
    """A pending request that was sent recently to ana and ben."""
    plain = Approval(
        id="node-image.2026-w47.production.any.approval-1",
        runbook="node-image",
        ring="production",
        parts=parts or ONE,
        created=REQUESTED_AT - timedelta(minutes=5),
        asks_at=REQUESTED_AT,
        expires=REQUESTED_AT + timedelta(hours=6),
        remind_at=REQUESTED_AT + timedelta(hours=5),
        token=REQUEST_TOKEN,
        rollout="node-image.2026-w47",
        approvers=("ana", "ben"),
        asked=True,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


ONE = (part("shop-prod", image_plan("shop-prod", ("system", "user1", "user2"), 17)),)
SEVERAL = (
    *ONE,
    part("pay-prod", image_plan("pay-prod", ("system", "batch"), 9, spot=True)),
    part(
        "pay-prod-north",
        image_plan("pay-prod-north", ("system",), 3),
        why="user1: image 202611.12.0, not 202611.05.0",
    ),
    part(
        "web-prod",
        image_plan("web-prod", ("system",), 3),
        state=PartState.CANCELLED,
        why="cancelled by ben",
    ),
)
_REGIONS = ("weu", "neu", "eus", "sea")


def _of_sixty(number: int) -> Part:
    """Sixty clusters: 54 that differ only in size, and six in another state."""
    name = f"shop-{_REGIONS[number % 4]}-{number:02}-prod"
    match number:
        case 4:
            return part(name, image_plan(name, ("system", "batch"), 9, spot=True))
        case 11 | 12:
            changed = "user1: image 202611.12.0, not 202611.05.0"
            return part(name, image_plan(name, ("system", "user1"), 7), why=changed)
        case 30:
            return part(name, image_plan(name, ("system",), 3), state=PartState.CANCELLED, why="cancelled by ben")
        case 31 | 58:
            why = "its cluster is now in canary, not in production"
            return part(name, image_plan(name, ("system",), 3), state=PartState.SUPERSEDED, why=why)
        case _:
            return part(name, image_plan(name, ("system", "user1", "user2")[: 1 + number % 3], 3 + number % 9))


SIXTY = tuple(_of_sixty(number) for number in range(1, 61))
REBOOT = request(
    part("shop-prod", reboot_plan("shop-prod", "aks-user1-vmss000003")),
    id="reboot.shop-prod-6f1c.2026-11-18.approval-1",
    runbook="reboot",
    rollout="",
    requester="ben",
)
TAGS = request(
    part("shop-prod", tags_plan("shop-prod"), opens=None),
    part("pay-prod", tags_plan("pay-prod"), opens=None),
    id="tag-changes.2026-11-18.production.any.approval-1",
    runbook="tags",
    rollout="",
)
_AT = NOW - timedelta(minutes=6)
_DECISIONS: dict[ApprovalState, dict[str, object]] = {
    ApprovalState.PENDING: {},
    ApprovalState.APPROVED: {
        "votes": (Vote("ana", "slack", _AT, "e1"),),
        "decided_by": "ana",
        "decided_via": "slack",
        "decided_at": _AT,
    },
    ApprovalState.REJECTED: {
        "decided_by": "ben",
        "decided_via": "page",
        "decided_at": _AT,
        "why": "the sale ends on Thursday; try again after it",
    },
    ApprovalState.EXPIRED: {"decided_at": REQUESTED_AT + timedelta(hours=6), "why": "not decided in time"},
    ApprovalState.CANCELLED: {"decided_at": _AT, "why": "cancelled by ben"},
    ApprovalState.SUPERSEDED: {"decided_at": _AT, "why": "user2: image 202611.19.0, not 202611.12.0"},
}


def in_state(state: ApprovalState, *parts: Part, **more: object) -> Approval:
    """The same request in the given state."""
    return replace(request(*parts, **more), state=state, **_DECISIONS[state])  # type: ignore[arg-type]  # fields by name
