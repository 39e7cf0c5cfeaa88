"""Routes requests to each simulated cluster's Kubernetes API."""

import hashlib
import re
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from simulator.azure.tokens import KUBERNETES_AUDIENCE, Tenant, TokenError
from simulator.http_types import DROPPED, HttpRequest, HttpResponse, JsonObject, NotAnObjectError, RequestCounter
from simulator.kubernetes import discovery
from simulator.kubernetes.access import access, rules
from simulator.kubernetes.kinds import Kind, kind_at
from simulator.kubernetes.lists import Resource, WatchSource, listed, selection_of, watched
from simulator.kubernetes.nodechanges import patch_node
from simulator.kubernetes.pod_deletion import delete_pod, evict_pod
from simulator.kubernetes.status import StatusError, bad, not_found
from simulator.kubernetes.tables import table, wants_table
from simulator.world.state import Cluster
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
            case ["version"] | ["api"] | ["apis"] | ["apis", _] | ["api", "v1"] | ["apis", _, _]:
                return self._discovery(cluster, request, parts, who)
            case ["api", "v1", *rest]:
                return self._objects(cluster, request, ("", "v1"), rest, who)
            case ["apis", group, version, *rest]:
                return self._objects(cluster, request, (group, version), rest, who)
            case _:
                raise _unknown()

    def _discovery(self, cluster: Cluster, request: HttpRequest, parts: list[str], who: str) -> HttpResponse:
        if request.method != "GET":
            raise _not_allowed()
        self._requests.record("kubernetes", f"get {'version' if parts == ['version'] else 'discovery'}", who)
        match parts:
            case ["version"]:
                found: JsonObject | None = _version(cluster.spec.kubernetes_version)
            case ["api"]:
                found = discovery.core_versions(request.origin)
            case ["apis"]:
                found = discovery.groups(cluster)
            case ["apis", name]:
                found = discovery.group(cluster, name)
            case ["api", version]:
                found = discovery.resources(cluster, "", version)
            case _:
                found = discovery.resources(cluster, parts[1], parts[2])
        if found is None:
            raise _unknown()
        return HttpResponse(200, found)

    def _objects(
        self, cluster: Cluster, request: HttpRequest, served: tuple[str, str], rest: list[str], who: str
    ) -> HttpResponse:
        """Handle a request for objects of a group and version, in a namespace or in all of them."""
        namespace, plural, below = _place(rest)
        if served == discovery.AUTHORIZATION:
            return self._review(cluster, request, plural, who)
        kind = kind_at(cluster, *served, plural)
        if kind is None or (namespace and not kind.namespaced):
            raise _unknown()
        if not below:
            return self._collection(cluster, request, kind, namespace, who)
        if kind.namespaced and not namespace:
            raise _unknown()
        return self._object(cluster, request, kind, (namespace, *below), who)

    def _review(self, cluster: Cluster, request: HttpRequest, plural: str, who: str) -> HttpResponse:
        if request.method != "POST":
            raise _not_allowed()
        self._requests.record("kubernetes", f"create {plural}", who)
        match plural:
            case "selfsubjectaccessreviews":
                return HttpResponse(HTTPStatus.CREATED, access(cluster, request))
            case "selfsubjectrulesreviews":
                return HttpResponse(HTTPStatus.CREATED, rules(cluster))
            case _:
                raise _unknown()

    def _object(
        self, cluster: Cluster, request: HttpRequest, kind: Kind, parts: tuple[str, ...], who: str
    ) -> HttpResponse:
        """Handle a request for one object or one of its subresources."""
        namespace, name, *below = parts
        verbs = {("GET", ""): "get", ("PATCH", ""): "patch", ("DELETE", ""): "delete", ("POST", "eviction"): "create"}
        where = "/".join(below)
        verb = verbs.get((request.method, where), "")
        offered = next((each.verbs for each in kind.subresources if each.name == where), () if where else kind.verbs)
        if verb not in offered:
            raise _not_allowed()
        self._requests.record("kubernetes", f"{verb} {kind.plural}{'/' if where else ''}{where}", who)
        resource = _within(kind.resource(cluster), namespace)
        named = (
            each for each in kind.items(self._world.core, cluster) if resource.fields(each)["metadata.name"] == name
        )
        found = next(filter(resource.within, named), None)
        if found is None:
            raise not_found(kind.full_name, name)
        match verb, kind.plural:
            case "get", _:
                return self._shown(request, kind, resource.document(found))
            case "patch", "nodes":
                return HttpResponse(200, patch_node(self._world.core, cluster, found, request, who))
            case "delete", "pods":
                return delete_pod(self._world.core, cluster, found, request, who)
            case _:
                return evict_pod(self._world.core, cluster, found, request, who)

    def _collection(self, cluster: Cluster, request: HttpRequest, kind: Kind, namespace: str, who: str) -> HttpResponse:
        """Handle a request to list or watch objects."""
        if request.method != "GET":
            raise _not_allowed()
        watch = request.query.get("watch") in ("true", "1")
        self._requests.record("kubernetes", f"{'watch' if watch else 'list'} {kind.plural}", who)
        if watch and kind.feed is None:
            raise bad(f"a watch of {kind.plural} is not simulated: list them")
        selection = selection_of(request, kind.fields)
        resource = _within(kind.resource(cluster), namespace)
        items = partial(kind.items, self._world.core, cluster)
        versions = cluster.kube.versions
        if not watch or kind.feed is None:
            found = listed(resource, items(), selection, request, versions.last)
            return self._shown(request, kind, found.document or {})
        source = WatchSource(
            items, kind.feed(cluster), lambda: versions.last, lambda: self._world.now, lambda: cluster.api_responds
        )
        shown = replace(resource, document=lambda item: self._form(request, kind, resource.document(item)))
        return watched(shown, source, selection, request)

    def _shown(self, request: HttpRequest, kind: Kind, document: JsonObject) -> HttpResponse:
        return HttpResponse(200, self._form(request, kind, document))

    def _form(self, request: HttpRequest, kind: Kind, document: JsonObject) -> JsonObject:
        """Return an object or a list in the form that the request accepts."""
        if not wants_table(request):
            return document
        include = request.query.get("includeObject", "Metadata")
        return table(document, kind.columns, self._world.now, include)


def _place(rest: list[str]) -> tuple[str, str, list[str]]:
    """Return the namespace (empty for all of them), the plural, and what follows it."""
    match rest:
        case ["namespaces", namespace, plural, *below]:
            return namespace, plural, below
        case _:
            return "", rest[0], rest[1:]


def _within[T](resource: Resource[T], namespace: str) -> Resource[T]:
    """Return a resource whose objects are restricted to a namespace, if one is given."""
    if not namespace:
        return resource
    return replace(resource, within=lambda item: resource.fields(item)["metadata.namespace"] == namespace)


def _unknown() -> StatusError:
    return StatusError(HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource")


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
