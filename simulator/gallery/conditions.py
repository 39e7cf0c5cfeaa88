"""One sample of every message about a persistent condition: while it lasts, and once it is over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from ops.model.calendar import SilentCalendar
from ops.model.fleet import Cluster, Power
from ops.model.message import Message
from ops.model.refusal import RefusedAction
from ops.model.update_runs import UpdateRun
from ops.render.cluster_conditions import (
    failed_cluster_message,
    stuck_message,
    unreadable_fleets_message,
    waiting_run_message,
)
from ops.render.conditions import (
    allowed_message,
    blocked_message,
    calendars_message,
    channel_refused_message,
    configuration_message,
    fleet_message,
    held_tags_message,
    ledger_message,
    refused_message,
    set_aside_message,
    stale_message,
    strangers_message,
    unreadable_alert_message,
)
from simulator.gallery.requests import NOW, TAG_CHANGE, TAG_EFFECTS

_FLEETS = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerService/fleets/shops"
_SHOP = Cluster(
    id="/subscriptions/1/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/shop-test",
    name="shop-test",
    subscription="1",
    resource_group="rg",
    region="westeurope",
    tags={},
    kubernetes_version="1.34.4",
    power=Power.RUNNING,
    provisioning_state="Updating",
    node_os_channel="None",
    automatic=False,
    node_auto_provisioning=False,
    pools=(),
)
_LOCKED = RefusedAction(
    _SHOP.id,
    "stop-cluster",
    "ScopeLocked",
    "stopping shop-test: ScopeLocked: the following scope(s) are locked: rg. Please remove the lock and try again.",
    "remove the lock, or ask its owner",
    "power.shop-test-57f9bf.20261116t2200",
    NOW,
    NOW,
    3,
)

type Condition = tuple[str, str, Message]


def conditions() -> Iterator[Condition]:
    """Yield section, caption and message."""
    yield from _of_the_bot()
    yield from _of_clusters()
    yield from _of_chats_and_alerts()


def _of_the_bot() -> Iterator[Condition]:
    problem = "daytwo.yaml:7: node-imag: unknown key; did you mean node-image?\ndaytwo.yaml:12: zone: Amsterdam is not a time zone"
    yield "Configuration", "is not valid", configuration_message(problem)
    yield "Configuration", "is valid again", configuration_message("")
    silent = SilentCalendar(
        "https://calendar.example/freezes.ics", "no answer within 10 s", NOW, NOW + timedelta(days=3)
    )
    yield "Calendars", "cannot be read", calendars_message((silent,))
    yield "Calendars", "can be read again", calendars_message(())
    yield "Fleet", "is empty", fleet_message(is_empty=True)
    yield "Fleet", "has clusters", fleet_message(is_empty=False)
    yield (
        "Ledger",
        "does not verify",
        ledger_message(("2026-11-16, entry 12: the hash of the entry before is another",)),
    )
    yield "Ledger", "verifies again", ledger_message(())
    yield (
        "Records",
        "are set aside",
        set_aside_message(("run node-image.shop-test: a stored Run is not a JSON object",)),
    )
    yield "Records", "can be read again", set_aside_message(())


def _of_clusters() -> Iterator[Condition]:
    held = "aks-user1-vmss000004: PDB shop/web never allows an eviction of shop/web-0: it requires all 1"
    for reasons in ([held], []):
        word = "waiting for a person" if reasons else "no longer waits"
        yield "Blocked", word, blocked_message("reboot.shop-prod.held", "Reboots", "shop-prod", reasons)
    subject = "refused.57f9bf.stop-cluster.held"
    yield "Refused", "by a lock", refused_message(subject, "Power", "shop-test", _LOCKED)
    drained = replace(_LOCKED, verb="restart-node", cause=_LOCKED.cause.replace("stopping", "restarting"))
    yield (
        "Refused",
        "after a drain",
        refused_message(subject, "Reboots", "shop-test", replace(drained, disruptive=True)),
    )
    yield "Refused", "is not refused anymore", allowed_message(subject, "Power", "shop-test")
    yield "Refused", "not observed anymore", stale_message(subject, "Power", "shop-test", NOW)
    for changes in ((TAG_CHANGE,), ()):
        for is_asked in (True, False) if changes else (True,):
            word = ("approvers are asked" if is_asked else "no rule names approvers") if changes else "no longer held"
            yield (
                "Held tags",
                word,
                held_tags_message(
                    "tags.5657f4.held", "shop-prod", changes, TAG_EFFECTS, "production", is_asked=is_asked
                ),
            )
    strangers = (("aks-user1-vmss00000z", "Azure does not list the machine that it names"),)
    yield "Nodes", "are not all machines of the cluster", strangers_message("nodes.held", "shop-test", strangers)
    yield "Nodes", "are all machines again", strangers_message("nodes.held", "shop-test", ())
    yield "Operation", "does not end", stuck_message(_SHOP, NOW - timedelta(days=2))
    yield "Operation", "has ended", stuck_message(_SHOP, None)
    yield "Cluster", "has failed", failed_cluster_message(replace(_SHOP, provisioning_state="Failed"))
    yield "Cluster", "works again", failed_cluster_message(replace(_SHOP, provisioning_state="Succeeded"))
    run = UpdateRun(f"{_FLEETS}/updateRuns/weekly", "weekly", "Pending", "early")
    yield "Update run", "is waiting", waiting_run_message("update-run.held", "shops", run, ("shop-test", "shop-dev"))
    yield "Update run", "is not waiting anymore", waiting_run_message("update-run.held", "shops", None, ())
    refused = {"reading the members of the fleet shops: 403 AuthorizationFailed": ("shop-test", "shop-dev")}
    yield "Fleets", "cannot be read", unreadable_fleets_message(refused)
    yield "Fleets", "can be read again", unreadable_fleets_message({})


def _of_chats_and_alerts() -> Iterator[Condition]:
    problem = "editing a message in Slack: Slack answered is_archived"
    runs = ("node-image.shop-test-57f9bf.2026-w47",)
    yield "Chats", "messages are refused", channel_refused_message("chat.held", "slack", "C0456", runs, problem)
    yield "Chats", "accepts messages again", channel_refused_message("chat.held", "slack", "C0456", (), "")
    why = "its schemaId is not that of a budget alert"
    yield (
        "Budget alerts",
        "one could not be read",
        unreadable_alert_message(why, '{"schemaId": "AIP Budget", "data": {}}'),
    )
