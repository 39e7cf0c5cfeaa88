"""The Kubernetes API of each simulated cluster: version and nodes, with real Status bodies on errors."""

import base64
import hashlib
import re
from http import HTTPStatus

from simulator.azure.tokens import KUBERNETES_AUDIENCE, Tenant, TokenError
from simulator.exchange import DROPPED, Answer, Call, JsonObject, Requests
from simulator.kubernetes.nodes import labels_of, node_document
from simulator.kubernetes.selectors import SelectorError, matches
from simulator.world.state import Cluster
from simulator.world.world import World

PREFIX = "/clusters/"
_PATH = re.compile(r"^/clusters/(?P<cluster>[^/]+)(?P<rest>/.*)$")
LIST_QUERY = {"limit", "continue", "labelSelector", "fieldSelector", "pretty", "resourceVersion", "timeoutSeconds"}


class StatusError(Exception):
    """A refusal with a Kubernetes Status as its body."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason

    def answer(self) -> Answer:
        """Return the Status as an answer."""
        document: JsonObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "code": self.code,
        }
        return Answer(self.code, document)


class KubernetesApi:
    """Answers under ``/clusters/<name>``; a cluster that does not run closes the connection without a word."""

    def __init__(self, world: World, tenant: Tenant, requests: Requests) -> None:
        self._world = world
        self._tenant = tenant
        self._requests = requests

    def answer(self, call: Call) -> Answer:
        """Answer one request."""
        found = _PATH.match(call.path)
        cluster = self._world.clusters.get(found["cluster"]) if found else None
        if found is None or cluster is None or not cluster.answers:
            return DROPPED
        try:
            principal = self._tenant.principal(call.bearer, (KUBERNETES_AUDIENCE,))
        except TokenError:
            return StatusError(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized").answer()
        try:
            return self._route(cluster, call, found["rest"], principal)
        except StatusError as error:
            return error.answer()

    def _route(self, cluster: Cluster, call: Call, path: str, principal: str) -> Answer:
        parts = path.strip("/").split("/")
        match call.method, parts:
            case "GET", ["version"]:
                self._requests.note("kubernetes", "get version", principal)
                return Answer(200, _version(cluster.spec.kubernetes_version))
            case "GET", ["api", "v1", "nodes"]:
                self._requests.note("kubernetes", "list nodes", principal)
                return self._list(cluster, call)
            case "GET", ["api", "v1", "nodes", name]:
                self._requests.note("kubernetes", "get nodes", principal)
                node = cluster.nodes.get(name)
                if node is None:
                    raise StatusError(HTTPStatus.NOT_FOUND, "NotFound", f'nodes "{name}" not found')
                return Answer(200, node_document(cluster, node))
            case _, ["api", "v1", "nodes", *_] | ["version"]:
                message = "the server does not allow this method on the requested resource"
                raise StatusError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
            case _:
                message = "the server could not find the requested resource"
                raise StatusError(HTTPStatus.NOT_FOUND, "NotFound", message)

    def _list(self, cluster: Cluster, call: Call) -> Answer:
        unknown = sorted(call.query.keys() - LIST_QUERY)
        if unknown:
            raise _bad(f"query parameter {unknown[0]!r} is not simulated")
        try:
            found = [
                node
                for node in sorted(cluster.nodes.values(), key=lambda node: node.name)
                if matches(labels_of(cluster, node), call.query.get("labelSelector", ""))
                and matches({"metadata.name": node.name}, call.query.get("fieldSelector", ""))
            ]
        except SelectorError as error:
            raise _bad(str(error)) from error
        first = _offset(call.query.get("continue"))
        limit = _limit(call.query.get("limit")) or len(found)
        page = found[first : first + limit]
        metadata: JsonObject = {"resourceVersion": str(len(self._world.journal.entries))}
        rest = len(found) - first - len(page)
        if rest > 0:
            metadata["continue"] = base64.urlsafe_b64encode(str(first + limit).encode()).decode()
            metadata["remainingItemCount"] = rest
        items = [node_document(cluster, node) for node in page]
        return Answer(200, {"kind": "NodeList", "apiVersion": "v1", "metadata": metadata, "items": items})


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


def _limit(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdigit():
        raise _bad(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise _bad("continue key is not valid") from error


def _bad(message: str) -> StatusError:
    return StatusError(HTTPStatus.BAD_REQUEST, "BadRequest", message)
