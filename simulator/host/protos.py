"""Replaces the worker's `protos` module: the parts that azure-functions-runtime 1.3.0 uses to index an app.

The worker passes this module to the runtime library, which only creates messages and reads their fields. Objects with
attributes are sufficient, without protobuf or gRPC.
"""


class Message:
    """A message of any type: an object with the fields that it was created with."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update(fields)


class BindingInfo(Message):
    """A binding. The library compares binding directions and reads their names."""

    inout, out, undefined = 2, 1, 0
    Direction = type("Direction", (), {"in": 0, "out": 1, "inout": 2})


class StatusResult(Message):
    """The result of a request to the runtime."""

    Failure, Success, Cancelled = 0, 1, 2


class Protos:
    """The module: two message types with constants, and a generic type for every other name."""

    BindingInfo = BindingInfo
    StatusResult = StatusResult

    def __getattr__(self, name: str) -> type[Message]:
        message = type(name, (Message,), {})
        setattr(self, name, message)
        return message
