"""What the caller is allowed to do: SelfSubjectAccessReview and SelfSubjectRulesReview.

Every caller with a token is allowed everything that the simulated API server serves, and nothing else.
"""

from collections.abc import Iterator
from typing import cast

from simulator.http_types import HttpRequest, JsonObject
from simulator.kubernetes.discovery import AUTHORIZATION, REVIEWS
from simulator.kubernetes.kinds import kinds_of
from simulator.kubernetes.protobuf import access_review_of
from simulator.world.state import Cluster

type Rule = tuple[str, str, tuple[str, ...]]


def access(cluster: Cluster, request: HttpRequest) -> JsonObject:
    """Return the answer to a SelfSubjectAccessReview."""
    spec = access_review_of(request).get("spec")
    asked = cast("JsonObject", spec) if isinstance(spec, dict) else {}
    return _review("SelfSubjectAccessReview", asked, _access(cluster, asked))


def rules(cluster: Cluster) -> JsonObject:
    """Return the answer to a SelfSubjectRulesReview. The rules are the same in each namespace, so the body is not read."""
    return _review("SelfSubjectRulesReview", {}, _rules(cluster))


def _review(kind: str, asked: JsonObject, status: JsonObject) -> JsonObject:
    metadata: JsonObject = {"creationTimestamp": None}
    return {
        "kind": kind,
        "apiVersion": "/".join(AUTHORIZATION),
        "metadata": metadata,
        "spec": asked,
        "status": status,
    }


def _allowed(cluster: Cluster) -> Iterator[Rule]:
    """Return what is served: group, resource and verbs."""
    for kind in kinds_of(cluster):
        yield kind.group, kind.plural, kind.verbs
        for each in kind.subresources:
            # Permissions for a subresource belong to the group of its parent.
            yield kind.group, f"{kind.plural}/{each.name}", each.verbs
    for plural in REVIEWS:
        yield AUTHORIZATION[0], plural, ("create",)


def _access(cluster: Cluster, asked: JsonObject) -> JsonObject:
    attributes = asked.get("resourceAttributes")
    wanted = cast("dict[str, str]", attributes) if isinstance(attributes, dict) else {}
    below = wanted.get("subresource", "")
    resource = f"{wanted.get('resource', '')}/{below}" if below else wanted.get("resource", "")
    allowed = any(
        (group, name) == (wanted.get("group", ""), resource) and wanted.get("verb") in verbs
        for group, name, verbs in _allowed(cluster)
    )
    return {"allowed": allowed, "reason": "" if allowed else f"{resource} is not served"}


def _rules(cluster: Cluster) -> JsonObject:
    rules = [
        {"verbs": list(verbs), "apiGroups": [group], "resources": [name]} for group, name, verbs in _allowed(cluster)
    ]
    urls = [{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/version"]}]
    return {"resourceRules": rules, "nonResourceRules": urls, "incomplete": False}
