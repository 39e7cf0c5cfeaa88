"""Tags of clusters, which people change in Azure at any time and without an operation."""

import json
from collections.abc import Mapping

from simulator.world.core import Core
from simulator.world.journal import Kind
from simulator.world.state import Cluster


def change_tags(
    core: Core, cluster: Cluster, tags: Mapping[str, str], who: str, *, created_again: bool = False
) -> None:
    """Replace a cluster's tags. Optionally, the cluster is deleted and created again with these tags.

    A cluster that is created again keeps its nodes and its images, and gets another `resourceUID`.
    """
    cluster.tags = dict(tags)
    cluster.creation += created_again
    cluster.revision += 1
    document = json.dumps(cluster.tags, sort_keys=True)
    core.journal.write(Kind.CLUSTER_TAGS, cluster.name, tags=document, who=who, created=created_again)
