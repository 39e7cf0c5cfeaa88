"""A week in which people and systems with few rights try to harm a fleet, while its honest work has to be done.

- The administrator of one development cluster creates Node objects (`hostile_admin`).
- Someone who may write tags changes those of one production cluster (`hostile_tags`).
- The server of the calendar attacks its readers for 18 hours, which include a freeze that it served before (`hostile_calendar`).
- Two strangers and a person without rights use the chat (`hostile_chat`).

Ana approves what she is asked, except for changes of tags. Wednesday night is a freeze.
"""

from datetime import UTC, datetime, timedelta

from simulator.stories import honest_approver, hostile_admin, hostile_chat, hostile_tags
from simulator.stories.hostile_calendar import BOMBS, TRANSFERS, calendar
from simulator.stories.story import Stage, Story
from simulator.world.scripted_faults import RebootRequired
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec

START = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = 7
HONEST_DEV, HOSTILE_DEV, SLEEPER = "shop-dev", "mall-dev", "shop-night"
HONEST_PROD, TAGGED_PROD = "shop-prod-ne", "shop-prod-we"
DEFAULT_CHANNEL, PRODUCTION_CHANNEL, CHANNEL_OF_THE_TAG = "C0123", "C0456", "C0789"
_FREEZE = (datetime(2026, 11, 18, 20, tzinfo=UTC), datetime(2026, 11, 19, 8, tzinfo=UTC))
_CONFIG = """\
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
    - {name: production, select: {tags: {env: prod}}, max-concurrent: 1 per region pair}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
freezes: [%s]
node-image:
  window: nights
  proven-for: 6h
  proven-awake: 6h
  proven-nodes: 3
  start-stopped-clusters: true
  approval: {rings: [production], from: platform}
reboot: {window: nights, drain-timeout: 20m}
power:
  - {select: {tags: {env: dev}, resource-groups: [rg-shop]}, awake: "mon-fri 08:00-19:00", zone: UTC}
spot: {group-within: 10m}
chat:
  slack:
    channel: C0123
    routes:
      - {select: {tags: {env: prod}}, channel: C0456}
      - {select: {tags: {team: mallory}}, channel: C0789}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}, dan: {slack: U0DAN}}
groups: {platform: [ana, ben]}
commands: [{from: platform, allow: [run, awake, skip, pause, resume, cancel]}]
"""
_CLICKS_BEFORE_ANA = (timedelta(hours=10), timedelta(days=1, hours=14.5))
_CLICKS_AT_NIGHT = (timedelta(days=1, hours=22.5), timedelta(days=3, hours=23))
_CALENDAR_ATTACKS = timedelta(days=2, hours=12)
_CALENDAR_RECOVERS = timedelta(days=3, hours=6)
_EACH_ATTACK = timedelta(minutes=10)


def config(calendar_address: str) -> str:
    """Return a configuration whose freezes are in the calendar at this address."""
    return _CONFIG % f"{{ics: '{calendar_address}'}}"


def config_as_intended() -> str:
    """Return the configuration with the freezes that the honest calendar contains, for the oracle."""
    first, last = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in _FREEZE)
    return _CONFIG % f"{{name: freeze, from: {first}, to: {last}}}"


def begin(stage: Stage) -> None:
    """Schedule everything that the attackers and Ana do in the week."""
    world = stage.world
    hostile_admin.attack(world, HOSTILE_DEV, HONEST_PROD, [START + timedelta(days=day, hours=0.5) for day in range(5)])
    hostile_admin.attack(world, HOSTILE_DEV, HONEST_PROD, [START + timedelta(days=day, hours=22.4) for day in range(4)])
    for day in range(4):
        hostile_admin.claim_eviction(world, HOSTILE_DEV, HONEST_PROD, START + timedelta(days=day, hours=23))
    hostile_tags.schedule(world, hostile_tags.attack(TAGGED_PROD, START + timedelta(hours=13, minutes=2)))
    _schedule_calendar(stage)
    targets = hostile_chat.Targets((HONEST_PROD,), PRODUCTION_CHANNEL)
    hostile_chat.attack(
        stage.calls, stage.slack, targets, [START + at for at in (*_CLICKS_BEFORE_ANA, *_CLICKS_AT_NIGHT)]
    )
    hours = (1.75, 16.75, 20.75, 23.75)
    honest_approver.approve(
        stage.calls, stage.slack, [START + timedelta(days=day, hours=hour) for day in range(DAYS) for hour in hours]
    )


def _schedule_calendar(stage: Stage) -> None:
    """Serve a freeze until Wednesday noon, then each attack for ten minutes, then one that reads the metadata service."""
    first, last = (f"{at:%Y%m%dT%H%M%SZ}" for at in _FREEZE)
    stage.calendar.honest = calendar(f"DTSTART:{first}\r\nDTEND:{last}")
    kinds = (*TRANSFERS, *BOMBS, "to-metadata")
    for number, kind in enumerate(kinds):
        _serve_from(stage, START + _CALENDAR_ATTACKS + number * _EACH_ATTACK, kind)
    _serve_from(stage, START + _CALENDAR_RECOVERS, "good")


def _serve_from(stage: Stage, at: datetime, kind: str) -> None:
    stage.world.core.scheduler.at(at, lambda: setattr(stage.calendar, "kind", kind))


def _fleet() -> FleetSpec:
    return FleetSpec(
        "attacker",
        START,
        (RegionSpec("westeurope", "northeurope"), RegionSpec("northeurope", "westeurope")),
        (
            _cluster(HONEST_DEV, "westeurope", "dev", "rg-platform", 3),
            _cluster(HOSTILE_DEV, "northeurope", "dev", "rg-mall", 3),
            _cluster(SLEEPER, "westeurope", "dev", "rg-shop", 1),
            _cluster(TAGGED_PROD, "westeurope", "prod", "rg-shop", 2),
            _cluster(HONEST_PROD, "northeurope", "prod", "rg-shop", 2),
        ),
        # After the week's new image, and on the day before the freeze.
        scripted_faults=(RebootRequired(HONEST_PROD, "user1", START + timedelta(days=2, hours=10), 1),),
    )


def _cluster(name: str, region: str, env: str, group: str, nodes: int) -> ClusterSpec:
    api = WorkloadSpec("shop", "api", 2, PdbSpec(max_unavailable=1), starts_in_s=(10, 45))
    pools = (PoolSpec("user1", nodes, max_surge="1"),)
    return ClusterSpec(name, region, pools, group, tags=(("env", env),), workloads=(api,))


ATTACKER = Story(_fleet(), config, begin)
