"""Reads from a world of fakes what the bot said, what it did, and what it left behind."""

import re
from collections.abc import Sequence

from ops.model.fleet import CORDON_STAMP
from ops.model.run import Run
from ops.tables.conditions import open_conditions
from ops.tables.runs import runs
from tests.fakes import World
from tests.situations.catalog import Observed

_SHOWN = 400


def observe(world: World, *, says: Sequence[str] = ()) -> Observed:
    """Returns what can be seen from outside; `says` are further sentences, for example the answer of an endpoint."""
    recorded = [stored.value for stored in runs(world.store).scan()]
    posted = [str(content["text"]) for content in world.chat.shown.values()]
    ends = [_end(run) for run in sorted(recorded, key=lambda run: run.id)]
    texts = [*says, *posted, *ends, *(f"condition: {each.text}" for each in open_conditions(world.store))]
    return Observed([_short(text) for text in texts], _done(world), _left(world, recorded))


def _end(run: Run) -> str:
    remedy = f" To do: {run.remedy}." if run.remedy else ""
    return f"run ({run.state.value}): {run.why}.{remedy}" if run.why else ""


def _done(world: World) -> list[str]:
    return [
        *(f"requests {each}" for each in world.clusters.asked),
        *world.nodes.marks,
        *(f"evicts {each}" for each in world.nodes.evicted),
        *(f"restarts {each}" for each in world.machines.restarted),
    ]


def _left(world: World, recorded: Sequence[Run]) -> list[str]:
    cordoned = [node for nodes in world.nodes.listed.values() for node in nodes if node.unschedulable]
    return [
        *(f"condition: {' of '.join(filter(None, (each.what, each.where)))}" for each in open_conditions(world.store)),
        *(f"cordon of {node.name}{_whose(node.annotations)}" for node in cordoned),
        *(f"waiting run: {run.why}" for run in recorded if not run.state.is_final),
    ]


def _whose(annotations: object) -> str:
    return "" if isinstance(annotations, dict) and CORDON_STAMP in annotations else ", which is not Daytwo's"


def _short(text: str) -> str:
    """Leaves out what differs from one day or release to the next: ids of runs."""
    plain = re.sub(r"\b[a-z-]+\.[0-9a-f]{8,}\S*", "…", text)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
