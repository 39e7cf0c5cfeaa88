"""Records what people request for runs and clusters, in the same way for every endpoint."""

from dataclasses import replace
from datetime import datetime

from ops.context import Context
from ops.messaging.message_sync import reconcile
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.run import State
from ops.policy.routes import channels_of
from ops.tables.base import store_key
from ops.tables.fleet import known_clusters
from ops.tables.overrides import Override, overrides
from ops.tables.runs import Control, controls

OVERRIDES = {"awake": "stays awake", "skip": "is left out of node image upgrades"}


def control_run(context: Context, run_id: str, action: str, by: str) -> Control:
    """Records a cancel, pause or resume, which takes effect before the next step. If several people cancel, the first stays on record."""
    now = context.ports.clock.now()

    def change(old: Control | None) -> Control:
        control = replace(old or Control(), at=now)
        match action:
            case "cancel":
                return replace(control, cancelled_by=control.cancelled_by or by)
            case "pause":
                return replace(control, paused_by=control.paused_by or by)
            case _:
                return replace(control, paused_by="")

    control = controls(context.ports.store).change(run_id, change)
    context.ports.ledger.append(
        Entry(f"{run_id}|{action}|{now.isoformat()}", now, action, run_id, f"{action} by {by}", by)
    )
    context.engine.wake(run_id)
    return control


def set_override(context: Context, kind: str, target: str, until: datetime, by: str) -> str:
    """Records an override and posts it to the chats; returns its description. It replaces an earlier override."""
    now = context.ports.clock.now()
    key = f"{kind}|{store_key(target)}"
    overrides(context.ports.store).change(key, lambda _: Override(kind, until, by, now))
    name = target.rsplit("/", 1)[1]
    text = f"{kind} {name} until {until:%Y-%m-%d %H:%M} UTC"
    context.ports.ledger.append(Entry(f"override|{key}|{now.isoformat()}", now, "override", target, text, by))
    message = Message(
        subject=f"override.{kind}.{name}",
        state=State.DONE,
        what=f"{name} {OVERRIDES[kind]}",
        where=f"requested by {by}",
        until=until,
        until_text="until",
        tag="override",
    )
    reconcile(context.ports, message, _channels(context, target))
    return text


def _channels(context: Context, target: str) -> tuple[str, ...]:
    settings = context.config.settings
    known = next((each.value for each in known_clusters(context.ports.store).scan() if each.value.id == target), None)
    return channels_of(known, settings) if known and settings else ()
