"""An oracle, which judges a week by the rules in docs/, the fleet and the journal. It does not share code with Daytwo."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from simulator.oracle.budget import budget_expected
from simulator.oracle.config import read
from simulator.oracle.eligible import judge_pool
from simulator.oracle.history import History
from simulator.oracle.journal_reader import read_journal
from simulator.oracle.local_time import monday_of, week_name
from simulator.oracle.power import AwakeOverride, Schedule, power_expected, power_violations
from simulator.oracle.proof import Proofs
from simulator.oracle.reboot import Reboots, left_behind
from simulator.oracle.runs import node_image_expected
from simulator.oracle.spot import spot_expected
from simulator.oracle.tags import TagHistory
from simulator.oracle.verdict import EligiblePool, End, Verdict
from simulator.oracle.violations import landed_late, violations
from simulator.oracle.week import Week, driven_by_aks, places
from simulator.world.journal import Entry
from simulator.world.specs import PRINCIPAL, FleetSpec

__all__ = ["AwakeOverride", "EligiblePool", "End", "Verdict", "judge", "read_journal"]

# In every world, the node pool for node auto-provisioning has this name.
PROVISIONED = "default"


def judge(  # noqa: PLR0913 - five inputs, five optional ones
    config_text: str,
    fleet: FleetSpec,
    journal: Sequence[Entry],
    start: datetime,
    end: datetime,
    *,
    seed: int = 0,
    bot: str = PRINCIPAL,
    since: datetime | None = None,
    overrides: Sequence[AwakeOverride] = (),
    calendars: Mapping[str, str] | None = None,
) -> Verdict:
    """Judge the week that starts at `start`, until `end`.

    Eligibility covers one week: for a longer time, make one call per week.
    `seed` is the world's seed, which determines each region's images at the start of the journal. `since` is when Daytwo
    started running and taking samples, if that was before `start`. `overrides` are those that people requested.
    `calendars` has the content of each calendar file that the configuration names.

    Raises:
        ValueError: the configuration turns node images off, or the content of a calendar is missing.
    """
    rules = read(config_text, calendars)
    history = History(fleet, journal, seed)
    proofs = Proofs(rules, history, since or start, end)
    monday = monday_of(start, rules.rings[0].hours.zone)
    tags = TagHistory(rules, history, journal)
    schedule = Schedule(rules, history, tags, overrides, bot)
    reboots = Reboots(rules, history, tags, journal, bot)
    week = Week(rules, history, proofs, monday, schedule)
    eligible: list[EligiblePool] = []
    by_aks: list[tuple[str, str]] = []
    skipped: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for place in places(history.clusters):
        key = place.cluster.name, place.pool.name
        if week.ring_number(place.cluster) is None:
            skipped["no-ring"].append(key)
        elif driven_by_aks(place.cluster):
            by_aks.append(key)
        else:
            found = judge_pool(week, place, start, end)
            if isinstance(found, EligiblePool):
                eligible.append(found)
            else:
                skipped[found].append(key)
    for cluster in fleet.clusters:
        if cluster.provisioned_nodes:
            key = cluster.name, PROVISIONED
            if week.ring_number(cluster) is None:
                skipped["no-ring"].append(key)
            elif driven_by_aks(cluster):
                by_aks.append(key)
            else:
                skipped["node-auto-provisioning"].append(key)
    return Verdict(
        week=week_name(monday),
        eligible=tuple(eligible),
        by_aks=tuple(by_aks),
        skipped={reason: tuple(pools) for reason, pools in sorted(skipped.items())},
        violations=(
            *violations(week, start, end),
            *power_violations(schedule, history, start, end),
            *reboots.violations(start, end),
            *left_behind(reboots.boots, journal, bot, start, end),
        ),
        landed_late=tuple(landed_late(week, start, end)),
        expected={
            "node-image": node_image_expected(week, eligible, skipped, start, end),
            "reboot": reboots.expected(start, end),
            "power": power_expected(schedule, start, end),
            "spot": spot_expected(rules.group_within, journal, start, end),
            "budget": budget_expected(journal, start, end),
        },
    )
