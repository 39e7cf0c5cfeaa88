"""Answer a question: look at the clusters, send what was found to where it was asked."""

import logging
from collections.abc import Mapping

from ops.model.message import Message
from ops.model.run import State
from ops.ports import DeniedError, Json, NotFoundError, RejectedError
from ops.render import renderer
from ops.render.commands import decision_text, plan_message, said, why_message
from ops.runbooks import runbooks
from ops.workflows.activities.assess import decide_now
from ops.workflows.activities.context import Context
from ops.workflows.answer import Answer
from ops.workflows.preview import approvers_of, outlook, preview_run
from ops.workflows.sampling import list_fleet

_LOG = logging.getLogger(__name__)
# These decide about something that has happened, not about a cluster as it is.
_ABOUT_EVENTS = ("spot", "budget")


def answer_question(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """One attempt. Answers end; what does not answer now becomes a wait. An address that is no longer good ends it too."""
    try:
        message = _found(context, str(payload["command"]), str(payload["subject"]))
    except (DeniedError, NotFoundError, RejectedError) as error:
        message = said(str(error), State.FAILED, "not known")
    try:
        context.ports.answers.answer(str(payload["address"]), renderer(str(payload["chat"]))(message))
    except RejectedError as error:
        _LOG.warning("nobody hears the answer to %s: %s", payload["command"], error)
    return Answer("end").write()


def _found(context: Context, command: str, subject: str) -> Message:
    settings, now = context.config.settings, context.ports.clock.now()
    if settings is None:
        return said(f"Daytwo has no valid configuration: {context.config.problem}", State.FAILED, "not known")
    fleet = list_fleet(context, settings)
    if command == "plan":
        pools = outlook(context, settings, fleet, now)
        rows = [(p.cluster, p.pool, "?" if p.behind_days is None else f"{p.behind_days} d", p.next) for p in pools]
        return plan_message(rows, sum(bool(pool.behind_days) for pool in pools))
    cluster = next((each for each in fleet if each.name.casefold() == subject.casefold()), None)
    if cluster is None:
        return said(
            f"there is no cluster {subject} in the subscriptions that are looked after", State.SKIPPED, "not found"
        )
    decided = {}
    for name, book in runbooks().items():
        if name not in _ABOUT_EVENTS:
            decision, _ = decide_now(context, preview_run(cluster, now, name), settings, now)
            decided[book.title] = decision_text(decision, approvers_of(settings, cluster, name, decision))
    return why_message(cluster.name, decided)
