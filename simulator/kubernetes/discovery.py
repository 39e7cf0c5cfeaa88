"""The discovery documents, in their classic form: kubectl accepts them if the aggregated form is not offered."""

from collections.abc import Iterator

from simulator.http_types import JsonObject
from simulator.kubernetes.kinds import Kind, kinds_of
from simulator.world.state import Cluster

# The reviews are created, never stored.
REVIEWS = {"selfsubjectaccessreviews": "SelfSubjectAccessReview", "selfsubjectrulesreviews": "SelfSubjectRulesReview"}
AUTHORIZATION = ("authorization.k8s.io", "v1")


def core_versions(origin: str) -> JsonObject:
    """Return the versions of the core group (``GET /api``)."""
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": origin.partition("://")[2]}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def groups(cluster: Cluster) -> JsonObject:
    """Return all groups but the core group (``GET /apis``)."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": _groups(cluster)}


def group(cluster: Cluster, name: str) -> JsonObject | None:
    """Return one group, or None."""
    found = next((each for each in _groups(cluster) if each["name"] == name), None)
    return None if found is None else {"kind": "APIGroup", "apiVersion": "v1", **found}


def resources(cluster: Cluster, name: str, version: str) -> JsonObject | None:
    """Return the resources of a group and version, or None if there are none."""
    found = [each for kind in kinds_of(cluster) if (kind.group, kind.version) == (name, version) for each in _of(kind)]
    if (name, version) == AUTHORIZATION:
        found = [_review(plural, kind) for plural, kind in REVIEWS.items()]
    if not found:
        return None
    prefix = f"{name}/" if name else ""
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{prefix}{version}", "resources": found}


def _groups(cluster: Cluster) -> list[JsonObject]:
    found = dict.fromkeys([*((kind.group, kind.version) for kind in kinds_of(cluster) if kind.group), AUTHORIZATION])
    return [_group(*each) for each in found]


def _group(name: str, version: str) -> JsonObject:
    served = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [served], "preferredVersion": served}


def _of(kind: Kind) -> Iterator[JsonObject]:
    yield {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
        **({"shortNames": list(kind.short)} if kind.short else {}),
    }
    for each in kind.subresources:
        yield {
            "name": f"{kind.plural}/{each.name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            "group": each.group,
            "version": each.version,
            "kind": each.kind,
            "verbs": list(each.verbs),
        }


def _review(plural: str, kind: str) -> JsonObject:
    return {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
