"""Records what people request for runs and clusters, in the same way for every endpoint.

The record itself keeps the last chat commands that were applied, because a process can crash between the record and the reply:
the command is then delivered again, possibly after an opposite one.
"""

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

# A chat repeats a command within minutes.
_KEPT_COMMANDS = 50


def control_run(context: Context, run_id: str, action: str, by: str, command: str = "") -> Control:
    """Records a cancel, pause or resume, which takes effect before the next step. If several people cancel, the first stays on record.

    `command` identifies a command that can be delivered again, which then has no effect.
    """
    now = context.ports.clock.now()

    def change(old: Control | None) -> Control:
        before = old or Control()
        if command in before.commands:
            return before
        control = replace(before, at=now, commands=_with(before.commands, command))
        match action:
            case "cancel":
                return replace(control, cancelled_by=control.cancelled_by or by)
            case "pause":
                return replace(control, paused_by=control.paused_by or by)
            case _:
                return replace(control, paused_by="")

    control = controls(context.ports.store).change(run_id, change)
    context.ports.ledger.append(
        Entry(f"{run_id}|{action}|{command or now.isoformat()}", now, action, run_id, f"{action} by {by}", by)
    )
    context.engine.wake(run_id)
    return control


def set_override(context: Context, kind: str, target: str, until: datetime, by: str, command: str = "") -> Override:
    """Records an override and posts it to the chats; returns the one that applies. It replaces an earlier override.

    `command` identifies a command that can be delivered again, which then has no effect.
    """
    now = context.ports.clock.now()
    key = f"{kind}|{store_key(target)}"

    def change(old: Override | None) -> Override:
        before = old.commands if old else ()
        if old is not None and command in before:
            return old
        return Override(kind, until, by, now, _with(before, command))

    override = overrides(context.ports.store).change(key, change)
    text = override_text(kind, target, until)
    context.ports.ledger.append(
        Entry(f"override|{key}|{command or now.isoformat()}", now, "override", target, text, by)
    )
    name = target.rsplit("/", 1)[1]
    message = Message(
        subject=f"override.{kind}.{name}",
        state=State.DONE,
        what=f"{name} {OVERRIDES[kind]}",
        where=f"requested by {override.by}",
        until=override.until,
        until_text="until",
        tag="override",
    )
    reconcile(context.ports, message, _channels(context, target))
    return override


def override_text(kind: str, target: str, until: datetime) -> str:
    """Describes an override."""
    return f"{kind} {target.rsplit('/', 1)[1]} until {until:%Y-%m-%d %H:%M} UTC"


def _with(commands: tuple[str, ...], command: str) -> tuple[str, ...]:
    return (*commands, command)[-_KEPT_COMMANDS:] if command else commands


def _channels(context: Context, target: str) -> tuple[str, ...]:
    settings = context.config.settings
    known = next((each.value for each in known_clusters(context.ports.store).scan() if each.value.id == target), None)
    return channels_of(known, settings) if known and settings else ()
