"""Pure: runs and rollouts become messages, messages become what each chat understands."""

from collections.abc import Callable, Mapping

from ops.model.json import Json
from ops.model.message import Message


def renderer(chat: str) -> Callable[[Message], Mapping[str, Json]]:
    """How a message looks in a chat. Raises KeyError for a chat that nothing is written for."""
    from ops.chats.slack import renderer as slack
    from ops.chats.teams import renderer as teams

    return {"slack": slack.render, "teams": teams.render, "teams-bot": teams.render_bot}[chat]
