"""What the configuration gives a cluster because of its tags, and whether other tags would loosen that (docs/tags.md, rules 3 and 4)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster
from ops.model.tags import TagChange, changed_tags, with_change
from ops.policy.approvers import denies_self, rule_for
from ops.policy.power import TAG, awake_minutes
from ops.policy.rings import ring_name
from ops.policy.routes import channels_of
from ops.policy.select import tag_keys
from ops.settings import Settings
from ops.settings.approval import RISKS
from ops.settings.chat import Routed
from ops.settings.power import POWER
from ops.settings.select import Select


@dataclass(frozen=True, slots=True)
class RequiredApproval:
    """Who approves plans of one kind, how many of them must, and whether the requester is one of them."""

    people: frozenset[str]
    needed: int
    allows_self: bool

    def __str__(self) -> str:
        names = ", ".join(sorted(self.people)) or "no one"
        return f"{self.needed} of {names}" + (", the requester included" if self.allows_self else "")


@dataclass(frozen=True, slots=True)
class Placement:
    """What a cluster's tags give it: ring, approvals by runbook and risk, channels, time awake. `rank` is 1 in the first ring, 0 in none."""

    ring: str
    rank: int
    approvals: Mapping[tuple[str, str], RequiredApproval]
    channels: frozenset[str]
    awake_minutes: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two placements. `is_looser` means that the second one allows more, or informs fewer people."""

    text: str
    is_looser: bool


def placement_of(cluster: Cluster, settings: Settings) -> Placement:
    """Returns the placement under the cluster's `tags`."""
    ring = ring_name(cluster, settings)
    rank = [each.name for each in settings.fleet.rings].index(ring) + 1 if ring else 0
    return Placement(
        ring, rank, dict(_approvals(ring, settings)), _channels(cluster, settings), awake_minutes(cluster, settings)
    )


def differences(before: Placement, after: Placement) -> tuple[Difference, ...]:
    """Says what changes from one placement to another, as `ring: production → pre-production`."""
    return tuple(_differences(before, after))


def is_looser(before: Placement, after: Placement) -> bool:
    """Whether `after` loosens anything. This is transitive: two steps that do not loosen anything do not do so together."""
    return any(each.is_looser for each in _differences(before, after))


def effective_tags(
    accepted: Mapping[str, str], current: Mapping[str, str], cluster: Cluster, settings: Settings
) -> dict[str, str]:
    """Returns the tags that apply: the accepted ones with every change that does not loosen anything, in any order.

    The changes that are left out are held. `cluster` gives everything except the tags.
    """

    def under(tags: Mapping[str, str]) -> Placement:
        return placement_of(replace(cluster, tags=tags), settings)

    settled, pending = dict(accepted), list(changed_tags(accepted, current))
    if not pending or not is_looser(under(settled), under(current)):
        return dict(current)
    is_progress = True
    while is_progress:
        is_progress = False
        for change in tuple(pending):
            changed = with_change(settled, change)
            if not is_looser(under(settled), under(changed)):
                settled, is_progress = changed, True
                pending.remove(change)
    return settled


def held_changes(cluster: Cluster) -> tuple[TagChange, ...]:
    """Returns the changes of the cluster's tags that are held."""
    return changed_tags(cluster.tags, cluster.tags_now)


def selected_tags(tags: Mapping[str, str], settings: Settings) -> dict[str, str | None]:
    """Returns the tags that the configuration reads, with their keys in lower case and in order; None if a tag does not exist."""
    folded = {azure_key(key): value for key, value in tags.items()}
    return {key: folded.get(key) for key in sorted(tag_keys(_selects(settings)) | {TAG})}


def stricter_ring(cluster: Cluster, settings: Settings) -> str:
    """Returns the later of the rings that the cluster's tags and its current tags give it; empty if neither gives it one."""
    after = replace(cluster, tags=cluster.tags_now)
    return max((placement_of(each, settings) for each in (cluster, after)), key=lambda placement: placement.rank).ring


def _selects(settings: Settings) -> Iterator[Select]:
    yield from (ring.select for ring in settings.fleet.rings)
    yield from (schedule.select for schedule in settings.get(POWER))
    for section in settings.chat.sections.values():
        if isinstance(section, Routed):
            yield from (route.select for route in section.routes)


def _approvals(ring: str, settings: Settings) -> Iterator[tuple[tuple[str, str], RequiredApproval]]:
    """Returns who approves which plans; nothing is planned for a cluster that is not in a ring."""
    for runbook in settings.own_approval_rules if ring else ():
        for risk in RISKS:
            rule = rule_for(settings, runbook, ring, risk)
            if rule is not None:
                allows_self = not denies_self(rule, ring, settings)
                yield (runbook, risk), RequiredApproval(frozenset(rule.approvers), rule.of, allows_self)


def _channels(cluster: Cluster, settings: Settings) -> frozenset[str]:
    """Returns the channels, where a chat without a matching route has its default channel."""
    routed = channels_of(cluster, settings)
    defaults = (
        f"{chat}|the default channel"
        for chat in settings.chat.sections
        if not any(channel.startswith(f"{chat}|") for channel in routed)
    )
    return frozenset((*routed, *defaults))


def _differences(before: Placement, after: Placement) -> Iterator[Difference]:
    if before.rank != after.rank:
        yield Difference(f"ring: {before.ring or 'no ring'} → {after.ring or 'no ring'}", after.rank < before.rank)
    for (runbook, old, new), risks in _changed_approvals(before, after).items():
        what = runbook if len(risks) == len(RISKS) else f"{runbook} ({', '.join(risks)})"
        yield Difference(f"approval of {what}: {_or_none(old)} → {_or_none(new)}", _approves_less(old, new))
    if before.channels != after.channels:
        text = f"channels: {_listed(before.channels)} → {_listed(after.channels)}"
        yield Difference(text, not before.channels <= after.channels)
    if before.awake_minutes != after.awake_minutes:
        text = f"awake per week: {_hours(before.awake_minutes)} → {_hours(after.awake_minutes)}"
        yield Difference(text, after.awake_minutes < before.awake_minutes)


def _changed_approvals(
    before: Placement, after: Placement
) -> dict[tuple[str, RequiredApproval | None, RequiredApproval | None], list[str]]:
    """Returns the risks for which a runbook's approval changes, by runbook and what it changes from and to."""
    changed: dict[tuple[str, RequiredApproval | None, RequiredApproval | None], list[str]] = defaultdict(list)
    for runbook, risk in sorted({*before.approvals, *after.approvals}):
        old, new = before.approvals.get((runbook, risk)), after.approvals.get((runbook, risk))
        if old != new:
            changed[runbook, old, new].append(risk)
    return changed


def _approves_less(old: RequiredApproval | None, new: RequiredApproval | None) -> bool:
    if old is None:
        return False
    if new is None:
        return True
    return not old.people <= new.people or new.needed < old.needed or (new.allows_self and not old.allows_self)


def _or_none(approval: RequiredApproval | None) -> str:
    return "none" if approval is None else str(approval)


def _listed(channels: frozenset[str]) -> str:
    return ", ".join(channel.replace("|", " ") for channel in sorted(channels)) or "none"


def _hours(minutes: int) -> str:
    return f"{minutes / 60:g} h"
