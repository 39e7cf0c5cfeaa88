"""Microsoft Teams, connected in one of two ways: a Workflows webhook that can only post, or a bot."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ops.chats.contract import ChatKind, Renderer, no_housekeeping
from ops.chats.teams.connection import TeamsConnection, problems_of
from ops.endpoints.routes import Auth, Route

if TYPE_CHECKING:
    from ops.context import Context
    from ops.endpoints.http_types import HttpRequest, HttpResponse


def _routes(connection: Callable[[], TeamsConnection]) -> tuple[Route, ...]:
    def activity(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.chats.teams.endpoint import take_activity

        return take_activity(context, connection().access(context.config.settings), request)

    summary = "Receives a vote, a command or the installation of the bot."
    statuses = (200, 400, 401, 403, 404, 413, 501)
    return (Route("POST", "teams/messages", Auth.CHAT, summary, activity, statuses),)


def _renderers() -> Mapping[str, Renderer]:
    from ops.chats.teams.renderer import render, render_bot

    return {"teams": render, "teams-bot": render_bot}


CHAT = ChatKind(
    name="teams",
    title="Microsoft Teams",
    identity="entra",
    connect=TeamsConnection,
    routes=_routes,
    problems=problems_of,
    renderers=_renderers,
    housekeeping=no_housekeeping,
)
