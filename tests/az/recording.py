"""What the Azure CLI sends to Resource Manager, without tokens and signatures, as data for the ordinary tests."""

from dataclasses import dataclass, field

from simulator.http_types import Answer, Call, JsonObject

SIGNED = ("t", "c", "s", "h")


@dataclass
class Recording:
    """Requests in their order; an operation's URL becomes a placeholder, and its equal polls become one."""

    requests: list[JsonObject] = field(default_factory=list)

    def watch(self, call: Call, answer: Answer) -> None:
        """Take down one exchange."""
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
