"""Stands in for the worker's `protos` module: what azure-functions-runtime 1.3.0 asks of it while it indexes an app.

The runtime library is handed this module by the worker that embeds it; it only builds messages and reads their fields
back, so plain attribute bags do, without protobuf or gRPC.
"""


class Message:
    """Any message: a bag of the fields it was made with."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update(fields)


class BindingInfo(Message):
    """A binding; the directions are compared with, and named, as in the worker's protocol."""

    inout, out, undefined = 2, 1, 0
    Direction = type("Direction", (), {"in": 0, "out": 1, "inout": 2})


class StatusResult(Message):
    """How a request to the runtime ended."""

    Failure, Success, Cancelled = 0, 1, 2


class Protos:
    """The module: the two messages with constants, and a bag for every other name."""

    BindingInfo = BindingInfo
    StatusResult = StatusResult

    def __getattr__(self, name: str) -> type[Message]:
        message = type(name, (Message,), {})
        setattr(self, name, message)
        return message
