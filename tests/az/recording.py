"""The Azure CLI's requests to Resource Manager, without tokens and signatures, as data for other tests."""

from dataclasses import dataclass, field

from simulator.http_types import HttpRequest, HttpResponse, JsonObject

SIGNED = ("t", "c", "s", "h")


@dataclass
class Recording:
    """The requests in order. Operation URLs are replaced with placeholders, and an operation's identical polls are merged."""

    requests: list[JsonObject] = field(default_factory=list)

    def watch(self, call: HttpRequest, answer: HttpResponse) -> None:
        """Record a request and the response to it."""
        kind, found = next(
            ((k, k in call.path) for k in ("/operations/", "/operationresults/") if k in call.path), ("", False)
        )
        path = call.path.rpartition("/")[0] + "/{operation}" if found else call.path
        request: JsonObject = {
            "method": call.method,
            "path": path,
            "query": {name: value for name, value in sorted(call.query.items()) if name not in SIGNED},
            "body": call.document() if call.body else None,
            "status": answer.status,
        }
        if not (kind and self.requests and self.requests[-1] == request):
            self.requests.append(request)
