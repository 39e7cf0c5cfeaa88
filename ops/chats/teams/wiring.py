"""The Teams bot of an environment: its app settings read, its parts put together; nothing is imported that it does not need."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ops.chats.teams.bot import TeamsBotChat, TeamsBotEndpoint
from ops.chats.teams.connector import TeamsConnector
from ops.chats.teams.signing_keys import METADATA, SigningKeys
from ops.chats.teams.tokens import BotTokens
from ops.chats.teams.webhook import TeamsChat, UnusableWebhookError
from ops.ports.runtime import Clock
from ops.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_LOG = logging.getLogger(__name__)
_LOGIN = "https://login.microsoftonline.com"

type Bot = Callable[[Settings | None], tuple[TeamsBotEndpoint | None, TeamsBotChat | None]]


def problems_of(settings: Settings | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """What the app settings have against Teams as it is configured, each with what to do."""
    found = [problem_of(settings, environment)]
    webhook = environment.get("TEAMS_WEBHOOK", "")
    if settings is not None and settings.chat.teams_envelope and webhook:
        try:
            TeamsChat(webhook)
        except UnusableWebhookError as error:
            found.append(f"the app setting TEAMS_WEBHOOK is not usable: {error}")
    return tuple(problem for problem in found if problem)


def problem_of(settings: Settings | None, environment: Mapping[str, str]) -> str:
    """Why the Teams bot that the configuration names cannot work here; empty where it can, or none is named."""
    if settings is None or settings.chat.teams_bot is None:
        return ""
    if not environment.get("TEAMS_BOT_APP_ID"):
        return (
            "chat.teams-bot is configured, and the app setting TEAMS_BOT_APP_ID is missing: nothing is posted to Teams; "
            "set it to the bot's application id (docs/teams.md)"
        )
    if not _has_client():
        return (
            "chat.teams-bot is configured, and the package has no Teams client: nothing is posted to Teams; "
            "pack it with `make package PACKAGE_ARGS=--teams-bot` (docs/teams.md)"
        )
    return ""


def teams_bot(environment: Mapping[str, str], clock: Clock) -> Bot:
    """What makes the door and the chat for a configuration.

    The door opens without `chat.teams-bot`: the first installation tells through it which conversation to write there.
    """
    app_id = environment.get("TEAMS_BOT_APP_ID", "")
    made: dict[str, TeamsBotEndpoint] = {}
    warned: set[str] = set()

    def bot(settings: Settings | None) -> tuple[TeamsBotEndpoint | None, TeamsBotChat | None]:
        # Said once a process, whatever else goes on.
        for problem in set(problems_of(settings, environment)) - warned:
            warned.add(problem)
            _LOG.warning("%s", problem)
        if settings is None or not app_id or not _has_client():
            return None, None
        tenant = settings.people.entra_tenant
        if tenant not in made:
            made[tenant] = _door(environment, app_id, tenant, clock)
        said = settings.chat.teams_bot
        door = made[tenant]
        return door, TeamsBotChat(door.connector, said.conversation, said.service_url) if said else None

    return bot


@cache
def _has_client() -> bool:
    """Whether the optional extra is installed; nothing of it is imported."""
    return find_spec("microsoft_agents") is not None


def _door(environment: Mapping[str, str], app_id: str, tenant: str, clock: Clock) -> TeamsBotEndpoint:
    simulated = frozenset(environment.get("TEAMS_HOSTS", "").split(",")) - {""}
    connector = TeamsConnector(app_id, _credential(environment, app_id, tenant), simulated)
    keys = SigningKeys(environment.get("TEAMS_OPENID_URL", METADATA), clock)
    return TeamsBotEndpoint(connector, BotTokens(app_id, keys))


def _credential(environment: Mapping[str, str], app_id: str, tenant: str) -> "TokenCredential":
    """The secret where there is one, else the user-assigned identity whose client id is the bot's application id."""
    from azure.identity import ClientSecretCredential, ManagedIdentityCredential

    secret = environment.get("TEAMS_BOT_SECRET", "")
    if not secret:
        return ManagedIdentityCredential(client_id=app_id)
    login = environment.get("TEAMS_LOGIN_URL", _LOGIN)
    if login == _LOGIN:
        return ClientSecretCredential(tenant, app_id, secret)
    return ClientSecretCredential(
        tenant,
        app_id,
        secret,
        authority=login,
        disable_instance_discovery=True,
        connection_verify=environment.get("CA_FILE", True),
    )
