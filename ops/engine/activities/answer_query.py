"""Answer a chat query: read the clusters and send the answer to the place where the question was asked."""

import logging
from collections.abc import Mapping

from ops.context import Context
from ops.engine.activities.assess import decide_now
from ops.engine.preview import approvers_of, behind_counted, preview_pools, preview_run
from ops.engine.transition import Outcome, Transition
from ops.facts.fleet import list_fleet
from ops.facts.fleet_membership import read_membership
from ops.messaging.ephemeral_replies import send_reply
from ops.model.azure_names import azure_key
from ops.model.json import Json
from ops.model.message import Message
from ops.model.run import State
from ops.policy.cluster_notes import cluster_notes
from ops.ports.errors import DeniedError, NotFoundError, RejectedError
from ops.render.commands import decision_text, plan_message, reply_message, why_message
from ops.runbooks import runbooks
from ops.tables.conditions import open_conditions

_LOG = logging.getLogger(__name__)


def answer_query(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Makes one attempt. Reports END, or RETRY if a cluster does not answer yet. An expired address ends the query."""
    try:
        message = _lookup(context, str(payload["command"]), str(payload["subject"]))
    except (DeniedError, NotFoundError, RejectedError) as error:
        message = reply_message(str(error), State.FAILED, "not known")
    try:
        send_reply(context.ports, str(payload["address"]), message)
    except RejectedError as error:
        _LOG.warning("The answer to %s could not be delivered: %s", payload["command"], error)
    return Transition(Outcome.END)


def _lookup(context: Context, command: str, subject: str) -> Message:
    settings, now = context.config.settings, context.ports.clock.now()
    if settings is None:
        return reply_message(f"Daytwo has no valid configuration: {context.config.problem}", State.FAILED, "not known")
    fleet = list_fleet(context.ports, settings)
    if command == "plan":
        pools = preview_pools(context, settings, fleet, now)
        rows = [(p.cluster, p.pool, p.behind, p.next) for p in pools]
        notes = {pool.cluster: pool.notes for pool in pools if pool.notes}
        return plan_message(rows, behind_counted(pools), notes)
    cluster = next((each for each in fleet if azure_key(each.name) == azure_key(subject)), None)
    if cluster is None:
        return reply_message(
            f"Cluster {subject} was not found in the configured subscriptions.", State.SKIPPED, "not found"
        )
    decided = {}
    for name, book in runbooks().items():
        if not book.about_event:
            decision, _ = decide_now(context, preview_run(cluster, now, name), settings, now)
            decided[book.title] = decision_text(decision, approvers_of(settings, cluster, name, decision))
    needs = [(each.what, each.text) for each in open_conditions(context.ports.store, cluster.id)]
    membership = read_membership(context.ports.fleets, cluster.id, now)
    return why_message(cluster.name, decided, needs, cluster_notes(cluster, membership, now))
