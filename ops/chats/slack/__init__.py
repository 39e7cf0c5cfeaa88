"""Slack: messages through its Web API, votes and slash commands through its signed requests."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ops.chats.contract import ChatKind, Renderer
from ops.chats.slack.connection import SlackConnection
from ops.endpoints.routes import Auth, Route

if TYPE_CHECKING:
    from ops.context import Context
    from ops.endpoints.http_types import HttpRequest, HttpResponse
    from ops.ports.bundle import Ports
    from ops.settings import Settings


def _routes(connection: Callable[[], SlackConnection]) -> tuple[Route, ...]:
    def interaction(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.chats.slack.endpoint import take_interaction

        return take_interaction(context, connection().access, request)

    def command(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.chats.slack.endpoint import take_slash_command

        return take_slash_command(context, connection().access, request)

    statuses = (200, 400, 401, 413)
    return (
        Route("POST", "slack/interactions", Auth.CHAT, "Receives a vote or a submitted dialog.", interaction, statuses),
        Route("POST", "slack/commands", Auth.CHAT, "Receives a slash command.", command, statuses),
    )


def _problems(settings: "Settings | None", environment: Mapping[str, str]) -> tuple[str, ...]:
    """Returns None: without its token Slack is not used, and without its signing secret its endpoints report what is missing."""
    del settings, environment
    return ()


def _renderers() -> Mapping[str, Renderer]:
    from ops.chats.slack.renderer import render

    return {"slack": render}


def _housekeeping(ports: "Ports") -> None:
    from ops.chats.slack.rejection_dialog import purge_dialogs

    purge_dialogs(ports)


CHAT = ChatKind(
    name="slack",
    title="Slack",
    identity="slack",
    connect=SlackConnection,
    routes=_routes,
    problems=_problems,
    renderers=_renderers,
    housekeeping=_housekeeping,
)
