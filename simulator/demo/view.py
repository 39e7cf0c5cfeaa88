"""Pure: the content of the page, derived from the bot's records, the world and the chat."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ops.model.approval import Approval
from ops.model.calendar import Span, Window
from ops.model.image import NodeImage
from ops.model.run import Run, State, StepState
from ops.policy.calendar import frozen, iso_week, next_open, week_occurrences, week_span
from ops.policy.rings import ring_of
from ops.policy.select import ring_window
from ops.render.phrases import SIGNS, plural
from ops.render.timeline import Lane, Week, draw
from ops.settings import Settings
from ops.settings.fleet import Ring
from ops.settings.node_image import NODE_IMAGE
from simulator.demo.bars import FleetHistory
from simulator.demo.world import WorldCluster, WorldNow, WorldPool

_AHEAD = timedelta(days=21)
_SHADES = 5
_NAMED = 3
_STUCK = (State.FAILED, State.NEEDS_YOU, State.HALTED)
_IMAGES = "node-image"
_BUDGET = "budget"
# The headline's descriptions of operations in progress, except node image upgrades.
_BUSY_WITH = {
    "reboot": "Rebooting nodes of {}",
    "power": "Stopping or starting {}",
    "spot": "Spot nodes of {} are being evicted",
    _BUDGET: "Explaining an alert of {}",
}
_NO_RING = "no ring: not managed"


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool's bar: the age of its image relative to the maximum age."""

    name: str
    days: int
    share: int
    shade: int
    image: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A row in the fleet table."""

    name: str
    region: str
    driver: str
    sign: str
    state: str
    what: str
    next: str
    asleep: bool
    pools: tuple[PoolView, ...]


@dataclass(frozen=True, slots=True)
class RingView:
    """A ring's rows."""

    name: str
    window: str
    clusters: tuple[ClusterView, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """Answers three questions: Is all well? What is next? What needs me? `tone` is one of `well`, `busy`, `needs` and `asks`."""

    tone: str
    well: str
    next: str
    needs: str


@dataclass(frozen=True, slots=True)
class View:
    """The part of the page above the chat."""

    clock: str
    zone: str
    headline: Headline
    rings: tuple[RingView, ...]
    calendar: Markup


def view(world: WorldNow, settings: Settings, history: FleetHistory, waiting: Sequence[Approval] = ()) -> View:
    """Return the view at the world's current time. `history` has all records; `waiting` has the requests that pause the world."""
    first = ring_window(settings, settings.fleet.rings[0])
    latest = _latest(run for run in history.runs if run.runbook == _IMAGES)
    others = [run for run in history.runs if run.runbook != _IMAGES]
    rings = [_ring(ring, world, settings, latest) for ring in settings.fleet.rings]
    rest = tuple(c for c in world.clusters if _ring_of(c, settings) is None)
    if rest:
        rings.append(RingView(_NO_RING, "", tuple(_unmanaged(cluster, settings, world.now) for cluster in rest)))
    local = world.now.astimezone(ZoneInfo(first.zone))
    return View(
        clock=f"{local:%A %-d %B %Y, %H:%M}",
        zone=first.zone,
        headline=_approval_headline(waiting, settings, world, first.zone)
        if waiting
        else _headline(world, settings, latest, others, first.zone),
        rings=tuple(rings),
        calendar=_calendar(world, settings, history, first),
    )


def _latest(runs: Iterable[Run]) -> dict[str, Run]:
    """Each cluster's relevant node image run: the last one that acted or ended, otherwise the one that is waiting."""
    in_order = sorted(runs, key=lambda run: (run.acted or run.state.is_final, run.created))
    return {run.target_name: run for run in in_order}


def _ring_of(cluster: WorldCluster, settings: Settings) -> Ring | None:
    return ring_of(cluster, settings)


def _ring(ring: Ring, world: WorldNow, settings: Settings, latest: dict[str, Run]) -> RingView:
    window = ring_window(settings, ring)
    members = [cluster for cluster in world.clusters if _ring_of(cluster, settings) is ring]
    rows = tuple(_cluster(cluster, window, settings, latest.get(cluster.name), world.now) for cluster in members)
    hours = f"{window.name}, {window.start:%H:%M} to {window.end:%H:%M}"
    return RingView(ring.name, hours, rows)


def _cluster(cluster: WorldCluster, window: Window, settings: Settings, run: Run | None, now: datetime) -> ClusterView:
    state, what = _state(cluster, run)
    after = max(now, week_span(run.period, window.zone).end) if run and run.state.is_final else now
    opens = next_open(window, settings.freezes, after, timedelta(days=14))
    channel = "Automatic" if cluster.automatic else f"channel {cluster.channel}"
    return ClusterView(
        name=cluster.name,
        region=cluster.region,
        driver=f"upgraded by AKS, {channel}" if cluster.driven_by_aks else "upgraded by Daytwo",
        sign=SIGNS[state],
        state=str(state),
        what=what,
        next=_next(cluster, run, opens, window.zone, now),
        asleep=not cluster.running,
        pools=tuple(_pool(pool, settings, now) for pool in cluster.pools),
    )


def _unmanaged(cluster: WorldCluster, settings: Settings, now: datetime) -> ClusterView:
    pools = tuple(_pool(pool, settings, now) for pool in cluster.pools)
    return ClusterView(
        cluster.name,
        cluster.region,
        "not managed",
        SIGNS[State.SKIPPED],
        "not managed",
        "",
        "",
        not cluster.running,
        pools,
    )


def _state(cluster: WorldCluster, run: Run | None) -> tuple[State, str]:
    if run is None:
        return State.WAITING, "no run this week yet"
    steps = [*run.finished, *run.steps]
    pools = [step for step in steps if step.id.startswith("pool.")]
    done = sum(step.state is StepState.DONE for step in pools)
    if cluster.driven_by_aks:
        behind = sum(pool.image != pool.newest for pool in cluster.pools)
        return run.state, run.headline or f"{behind} of {len(cluster.pools)} pools behind"
    if run.notify and run.state in (State.DONE, State.WAITING):
        return State.NEEDS_YOU, run.why
    if run.state is State.RUNNING:
        active = next((step for step in run.steps if step.state in (StepState.RUNNING, StepState.UNDOING)), None)
        nodes = f", {active.progress.done} of {active.progress.total} nodes" if active and active.progress else ""
        return run.state, f"{active.title}{nodes}" if active else f"{done} of {len(pools)} pools"
    if pools:
        return run.state, f"{done} of {len(pools)} pools upgraded"
    return run.state, run.why


def _next(cluster: WorldCluster, run: Run | None, opens: Span | None, zone: str, now: datetime) -> str:
    if cluster.driven_by_aks:
        return "according to AKS's own schedule"
    active = [step for step in run.steps if step.state is StepState.RUNNING] if run else []
    if active and active[0].expected_end:
        return f"ends about {_when(active[0].expected_end, zone)}"
    if run is not None and run.state is State.WAITING and run.until is not None and run.code != "window":
        return f"checks again {_when(run.until, zone)}"
    if opens is None:
        return "no window within two weeks"
    if opens.start <= now:
        return f"window open until {_when(opens.end, zone)}"
    return f"window opens {_when(opens.start, zone)}"


def _pool(pool: WorldPool, settings: Settings, now: datetime) -> PoolView:
    image = NodeImage.parse(pool.node_images[0] if pool.node_images else pool.image)
    policy = settings.get(NODE_IMAGE)
    longest = policy.max_image_age if policy else _AHEAD
    age = image.age(now) if image else timedelta()
    share = min(1.0, age / (longest * 1.5))
    shade = min(_SHADES, 1 + int(share * _SHADES))
    return PoolView(pool.name, age.days, max(4, round(100 * share)), shade, image.short if image else pool.image)


def _headline(
    world: WorldNow, settings: Settings, latest: dict[str, Run], others: Sequence[Run], zone: str
) -> Headline:
    """The headline. It mentions other operations only if they are in progress or need a person."""
    ended = sum(run.state is State.DONE and not run.notify for run in latest.values())
    stuck = [run for run in (*latest.values(), *others) if run.notify or run.state in _STUCK]
    running = [run.target_name for run in latest.values() if run.state is State.RUNNING]
    busy = [_BUSY_WITH[run.runbook].format(run.target_name) for run in others if run.state is State.RUNNING]
    coming = _next_window(world, settings, zone)
    far = f"{ended} of {plural(len(latest), 'cluster')} are done" if ended else "No run has started yet"
    if stuck:
        needs = "; ".join(sorted(_attention_reason(run) for run in stuck))
        return Headline("needs", f"{_needing_attention(stuck)} you. {far}.", coming, needs)
    doing = [*([f"Upgrading {_listed(sorted(running))}"] if running else []), *sorted(busy)]
    if doing:
        return Headline("busy", f"All is well. {doing[0]}.", coming, "Nothing needs you.")
    return Headline("well", f"All is well. {far}.", coming, "Nothing needs you.")


def _approval_headline(waiting: Sequence[Approval], settings: Settings, world: WorldNow, zone: str) -> Headline:
    """The headline while a request is waiting for the viewer. It takes precedence over all others."""
    names = [part.target_name for approval in waiting for part in approval.active_parts]
    approvers = dict.fromkeys(name for approval in waiting for name in approval.approvers)
    return Headline(
        "asks",
        f"{_listed(sorted(names))} may be upgraded if you approve. Simulated time is paused until you decide.",
        _next_window(world, settings, zone),
        f"Approve or reject in Slack, as {' or '.join(approvers)}.",
    )


def _attention_reason(run: Run) -> str:
    """The reason why a person is needed. The text of a budget alert already names the budget."""
    return run.headline if run.runbook == _BUDGET else f"{run.target_name}: {run.why or run.headline}"


def _needing_attention(stuck: Sequence[Run]) -> str:
    """A text such as `One cluster needs` or `2 clusters and a budget need`."""
    clusters = len({run.target_name for run in stuck if run.runbook != _BUDGET})
    budgets = len({run.target_name for run in stuck if run.runbook == _BUDGET})
    named = ["One cluster" if clusters == 1 else f"{clusters} clusters"] if clusters else []
    named += ["one budget" if budgets == 1 else f"{budgets} budgets"] if budgets else []
    said = " and ".join(named)
    return f"{said[0].upper()}{said[1:]} {'needs' if clusters + budgets == 1 else 'need'}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _next_window(world: WorldNow, settings: Settings, zone: str) -> str:
    """A description of the window that opens or closes next."""
    found = []
    for ring in settings.fleet.rings:
        opening = next_open(ring_window(settings, ring), settings.freezes, world.now, timedelta(days=14))
        if opening is not None:
            found.append((opening, ring.name))
    if not found:
        return "no window within two weeks"
    opening, name = min(found, key=lambda pair: pair[0].start)
    if opening.start <= world.now:
        return f"{name} may be upgraded until {_when(opening.end, zone)}"
    return f"{name} may be upgraded from {_when(opening.start, zone)}"


def _calendar(world: WorldNow, settings: Settings, history: FleetHistory, first: Window) -> Markup:
    week = _week_shown(world.now, history.runs, first.zone)
    span = week_span(week, first.zone)
    lanes = []
    for ring in settings.fleet.rings:
        window = ring_window(settings, ring)
        occurrences = week_occurrences(window, week)
        taken = tuple(part for whole in occurrences for part in frozen(whole, settings.freezes, window.zone))
        lanes += [
            Lane(
                cluster.name,
                () if cluster.driven_by_aks else occurrences,  # AKS follows its own schedule, not Daytwo's windows.
                () if cluster.driven_by_aks else taken,
                history.bars(cluster.name, world.now),
            )
            for cluster in world.clusters
            if _ring_of(cluster, settings) is ring
        ]
    return draw(Week(span, first.zone, world.now, tuple(lanes)))


def _week_shown(now: datetime, runs: Sequence[Run], zone: str) -> str:
    """The week of the last run that acted. In the first hours of Monday, this is still the previous week."""
    acted = [run.period for run in runs if run.acted and run.runbook == _IMAGES]
    return max(acted, default=iso_week(now, zone))


def _when(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %H:%M}"
