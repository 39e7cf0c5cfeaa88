"""Whether Azure lets the bot restart the machines of the cluster: its permissions, deny assignments and locks."""

from functools import partial

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.fleet import Unknown
from ops.model.restart_right import AccessLists, RestartRight
from ops.policy.restart_right import restart_right

ACTIONS = frozenset(
    {
        "Microsoft.Authorization/permissions/read",
        "Microsoft.Authorization/denyAssignments/read",
        "Microsoft.Authorization/locks/read",
    }
)
KUBERNETES = frozenset[str]()
_NOT_NEEDED = Unknown("no deny assignment names it")


def gather(question: FactQuery) -> RestartRight | Unknown | None:
    """Reads the three lists of the node resource group, once per assessment.

    None if no machine was listed, because then no node requires a reboot. Unknown only if a later attempt may succeed: a list
    that the identity may not read does not stop reboots (`ops.policy.restart_right`).
    """
    cluster, rights = question.cluster, question.ports.rights
    if isinstance(cluster, Unknown) or not question.known.get("machines"):
        return None
    place = cluster.subscription, cluster.node_resource_group
    denials = query(partial(rights.deny_assignments, *place))
    return restart_right(
        AccessLists(
            group=cluster.node_resource_group,
            permissions=query(partial(rights.permissions, *place)),
            deny_assignments=denials,
            locks=query(partial(rights.locks, *place)),
            identity=query(rights.identity) if not isinstance(denials, Unknown) and denials else _NOT_NEEDED,
        )
    )
