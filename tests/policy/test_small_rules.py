"""Rules of a few lines: the fleet's scope, precedence, people, and the channels of a cluster."""

import pytest

from ops.model.people import Identity, Person
from ops.policy.fleet_scope import is_in_fleet
from ops.policy.people import named, person_of
from ops.policy.precedence import rank
from ops.policy.routes import channels_of
from ops.settings import Settings
from tests.configurations import ONE_RING, nights
from tests.fakes import cluster, settings

SUBSCRIPTION = "00000000-0000-0000-0000-00000000abcd"
TENANT = "11111111-1111-1111-1111-11111111111a"
ANA_ID = "aaaaaaaa-0000-0000-0000-000000000001"
SETTINGS = settings(
    ONE_RING.replace("00000000-0000-0000-0000-000000000000", SUBSCRIPTION.upper())
    + nights()
    + f"""\
identity: {{entra-tenant: {TENANT}, slack-team: T0TEAM00}}
people:
  ana: {{entra: {ANA_ID}, slack: U0ANA}}
  ben: {{slack: U0BEN}}
chat:
  slack:
    channel: C0CHANNEL
    routes:
      - {{select: {{names: ["shop-*"]}}, channel: C1CHANNEL}}
      - {{select: {{tags: {{env: dev}}}}, channel: C2CHANNEL}}
      - {{select: {{regions: [westeurope]}}, channel: C1CHANNEL}}
"""
)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg", True),
        (f"/Subscriptions/{SUBSCRIPTION}", True),
        ("/subscriptions/99999999-0000-0000-0000-000000000000/resourcegroups/rg", False),
        (f"/providers/{SUBSCRIPTION}/resourcegroups/rg", False),
        (f"x/subscriptions/{SUBSCRIPTION}", False),
        ("/subscriptions", False),
        ("/subscriptions/", False),
        ("", False),
    ],
)
def test_a_cluster_is_in_the_fleet_if_its_subscription_is_configured(identity: str, *, expected: bool) -> None:
    assert is_in_fleet(identity, SETTINGS) is expected


@pytest.mark.parametrize(
    ("own", "source", "expected"),
    [(40, "timer", 40), (40, "http", 10), (40, "event", 10), (0, "event", 0), (10, "slack", 10), (0, "timer", 0)],
)
def test_what_a_timer_has_not_started_goes_first_except_for_spot(own: int, source: str, expected: int) -> None:
    assert rank(own, source) == expected


def person(settings: Settings, kind: str, tenant: str, user: str) -> str:
    found = person_of(settings, Identity("page", kind, tenant, user))
    return found.name if found else ""


@pytest.mark.parametrize(
    ("kind", "tenant", "user", "expected"),
    [
        ("entra", TENANT, ANA_ID, "ana"),
        ("entra", TENANT.upper(), ANA_ID.upper(), "ana"),
        ("slack", "T0TEAM00", "U0BEN", "ben"),
        ("slack", "T0OTHER0", "U0BEN", ""),
        ("slack", "T0TEAM00", "U0EVE", ""),
        ("slack", "", "U0BEN", ""),
        ("slack", "T0TEAM00", "", ""),
        ("entra", TENANT, "", ""),
        ("badge", "T0TEAM00", "U0BEN", ""),
    ],
)
def test_a_person_is_known_by_an_id_from_the_configured_issuer(
    kind: str, tenant: str, user: str, expected: str
) -> None:
    assert person(SETTINGS, kind, tenant, user) == expected


def test_without_a_configured_issuer_no_id_of_its_kind_is_known() -> None:
    assert person(settings(ONE_RING + nights()), "slack", "T0TEAM00", "U0BEN") == ""


def test_people_are_described_in_the_order_of_their_names_without_those_that_are_gone() -> None:
    assert named(SETTINGS, ["ben", "gone", "ana"]) == (
        Person("ben", {"slack": "U0BEN"}),
        Person("ana", {"entra": ANA_ID, "slack": "U0ANA"}),
    )


@pytest.mark.parametrize(
    ("name", "env", "region", "expected"),
    [
        ("shop-dev", "dev", "westeurope", ("slack|C1CHANNEL", "slack|C2CHANNEL")),
        ("pay", "dev", "northeurope", ("slack|C2CHANNEL",)),
        ("pay", "prod", "northeurope", ()),
    ],
)
def test_a_clusters_channels_are_those_of_every_route_that_selects_it(
    name: str, env: str, region: str, expected: tuple[str, ...]
) -> None:
    assert channels_of(cluster(name, env=env, region=region), SETTINGS) == expected
