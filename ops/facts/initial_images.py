"""The images that the pools had when this run first read them; a difference shows which pools AKS has upgraded since then."""

from collections.abc import Mapping

from ops.facts import FactQuery
from ops.model.fleet import Unknown
from ops.model.json import Json

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, str]:
    """Returns each pool's image as this run first read it; the images are kept in the store."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return {}
    images: Json = {pool.name: pool.image for pool in cluster.pools}
    store = question.ports.store
    store.insert("initial-images", question.run.id, images)
    record = store.get("initial-images", question.run.id)
    value = record.value if record else images
    return {str(name): str(image) for name, image in value.items()} if isinstance(value, Mapping) else {}
