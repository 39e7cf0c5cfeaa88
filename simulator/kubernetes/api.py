"""Routes requests to each simulated cluster's Kubernetes API."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from simulator.azure.tokens import KUBERNETES_AUDIENCE, Tenant, TokenError
from simulator.http_types import DROPPED, HttpRequest, HttpResponse, JsonObject, NotAnObjectError, RequestCounter
from simulator.kubernetes import pdbs, pods
from simulator.kubernetes.lists import Resource, WatchSource, listed, selection_of, watched
from simulator.kubernetes.nodechanges import patch_node
from simulator.kubernetes.nodes import labels_of, node_document
from simulator.kubernetes.pod_deletion import delete_pod, evict_pod
from simulator.kubernetes.status import StatusError, bad, not_found
from simulator.world.feed import Feed
from simulator.world.kube import Pdb, Pod
from simulator.world.state import Cluster, Node
from simulator.world.world import World

PREFIX = "/clusters/"
_PATH = re.compile(r"^/clusters/(?P<cluster>[^/]+)(?P<rest>/.*)$")


class KubernetesApi:
    """Serves ``/clusters/<name>``. If the cluster is not running, the connection is closed without a response."""

    def __init__(self, world: World, tenant: Tenant, requests: RequestCounter) -> None:
        self._world = world
        self._tenant = tenant
        self._requests = requests

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        found = _PATH.match(request.path)
        cluster = self._world.clusters.get(found["cluster"]) if found else None
        if found is None or cluster is None or not cluster.api_responds:
            return DROPPED
        try:
            principal = self._tenant.principal(request.bearer, (KUBERNETES_AUDIENCE,))
        except TokenError:
            return StatusError(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized").response()
        try:
            return self._route(cluster, request, found["rest"].strip("/").split("/"), principal)
        except StatusError as error:
            return error.response()
        except NotAnObjectError as error:
            return bad(str(error)).response()

    def _route(self, cluster: Cluster, request: HttpRequest, parts: list[str], who: str) -> HttpResponse:
        match parts:
            case ["version"] if request.method == "GET":
                self._requests.record("kubernetes", "get version", who)
                return HttpResponse(200, _version(cluster.spec.kubernetes_version))
            case ["api", "v1", "nodes", *rest]:
                return self._nodes(cluster, request, rest, who)
            case ["api", "v1", "pods"]:
                return self._pods(cluster, request, None, who)
            case ["api", "v1", "namespaces", namespace, "pods", *rest]:
                if not rest:
                    return self._pods(cluster, request, namespace, who)
                return self._pod(cluster, request, (namespace, *rest), who)
            case ["apis", "policy", "v1", "poddisruptionbudgets"]:
                return self._pdbs(cluster, request, None, who)
            case ["apis", "policy", "v1", "namespaces", namespace, "poddisruptionbudgets", *rest]:
                return self._pdbs(cluster, request, namespace, who, *rest)
            case ["version"]:
                raise _not_allowed()
            case _:
                message = "the server could not find the requested resource"
                raise StatusError(HTTPStatus.NOT_FOUND, "NotFound", message)

    def _nodes(self, cluster: Cluster, request: HttpRequest, rest: list[str], who: str) -> HttpResponse:
        match request.method, rest:
            case "GET", []:
                resource: Resource[Node] = Resource(
                    "Node",
                    "v1",
                    lambda node: node_document(cluster, node),
                    lambda node: labels_of(cluster, node),
                    lambda node: {"metadata.name": node.name},
                )

                def items() -> list[Node]:
                    return sorted(cluster.node_objects.values(), key=lambda node: node.name)

                return self._collection(cluster, request, resource, (items, cluster.node_feed, ("metadata.name",)), who)
            case "GET", [name]:
                self._requests.record("kubernetes", "get nodes", who)
                return HttpResponse(200, node_document(cluster, _node(cluster, name)))
            case "PATCH", [name]:
                self._requests.record("kubernetes", "patch nodes", who)
                return HttpResponse(200, patch_node(self._world.core, cluster, _node(cluster, name), request, who))
            case _:
                raise _not_allowed()

    def _pods(self, cluster: Cluster, request: HttpRequest, namespace: str | None, who: str) -> HttpResponse:
        if request.method != "GET":
            raise _not_allowed()

        def items() -> list[Pod]:
            return sorted(cluster.kube.pods.values(), key=lambda pod: pod.key)

        resource = _within(pods.POD, namespace)
        return self._collection(cluster, request, resource, (items, cluster.kube.feed, pods.FIELDS), who)

    def _pod(self, cluster: Cluster, request: HttpRequest, parts: tuple[str, ...], who: str) -> HttpResponse:
        namespace, name, *below = parts
        verbs = {("GET", ""): "get pods", ("DELETE", ""): "delete pods", ("POST", "eviction"): "create pods/eviction"}
        verb = verbs.get((request.method, "/".join(below)))
        if verb is None:
            raise _not_allowed()
        self._requests.record("kubernetes", verb, who)
        pod = cluster.kube.pods.get(f"{namespace}/{name}")
        if pod is None:
            raise not_found("pods", name)
        if verb == "get pods":
            return HttpResponse(200, pods.pod_document(pod))
        handler = delete_pod if verb == "delete pods" else evict_pod
        return handler(self._world.core, cluster, pod, request, who)

    def _pdbs(
        self, cluster: Cluster, request: HttpRequest, namespace: str | None, who: str, *rest: str
    ) -> HttpResponse:
        if request.method != "GET" or len(rest) > 1:
            raise _not_allowed()
        if rest:
            self._requests.record("kubernetes", "get poddisruptionbudgets", who)
            for pdb in cluster.kube.pdbs:
                if (pdb.namespace, pdb.name) == (namespace, rest[0]):
                    return HttpResponse(200, pdbs.pdb_document(cluster, pdb))
            raise not_found("policy/poddisruptionbudgets", rest[0])
        if request.query.get("watch") in ("true", "1"):
            raise bad("a watch of poddisruptionbudgets is not simulated: list them")

        def items() -> list[Pdb]:
            return sorted(cluster.kube.pdbs, key=lambda pdb: (pdb.namespace, pdb.name))

        resource = _within(pdbs.pdb_resource(cluster), namespace)
        feed = Feed[Pdb](cluster.kube.versions)
        return self._collection(cluster, request, resource, (items, feed, pdbs.FIELDS), who)

    def _collection[T](
        self,
        cluster: Cluster,
        request: HttpRequest,
        resource: Resource[T],
        source: tuple[Callable[[], list[T]], Feed[T], tuple[str, ...]],
        who: str,
    ) -> HttpResponse:
        """Handle a request to list or watch objects."""
        items, feed, fields = source
        watch = request.query.get("watch") in ("true", "1")
        self._requests.record("kubernetes", f"{'watch' if watch else 'list'} {request.path.rpartition('/')[2]}", who)
        selection = selection_of(request, fields)
        versions = cluster.kube.versions
        if not watch:
            return listed(resource, items(), selection, request, versions.last)
        watched_items = WatchSource(
            items, feed, lambda: versions.last, lambda: self._world.now, lambda: cluster.api_responds
        )
        return watched(resource, watched_items, selection, request)


def _within[T](resource: Resource[T], namespace: str | None) -> Resource[T]:
    """Return a resource whose objects are restricted to a namespace."""
    if namespace is None:
        return resource

    return replace(resource, within=lambda item: resource.fields(item)["metadata.namespace"] == namespace)


def _node(cluster: Cluster, name: str) -> Node:
    node = cluster.node_objects.get(name)
    if node is None:
        raise not_found("nodes", name)
    return node


def _not_allowed() -> StatusError:
    message = "the server does not allow this method on the requested resource"
    return StatusError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message)


def _version(version: str) -> JsonObject:
    major, minor, _ = version.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{version}",
        "gitCommit": hashlib.sha1(version.encode(), usedforsecurity=False).hexdigest(),
        "gitTreeState": "clean",
        "buildDate": "2026-03-18T20:04:16Z",
        "goVersion": "go1.25.7",
        "compiler": "gc",
        "platform": "linux/amd64",
    }
