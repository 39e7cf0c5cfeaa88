"""The connection to Teams, from the app settings TEAMS_WEBHOOK and TEAMS_BOT_…."""

import logging
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ops.chats.teams.bot import TeamsBotChat, TeamsBotEndpoint
    from ops.chats.teams.endpoint import TeamsAccess
    from ops.chats.teams.webhook import TeamsChat
    from ops.endpoints.rejected_requests import RejectedRequests
    from ops.ports.runtime import Clock
    from ops.settings import Settings

_LOG = logging.getLogger(__name__)
_LOGIN = "https://login.microsoftonline.com"


def problems_of(settings: "Settings | None", environment: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the reasons why the app settings do not work with the configuration's Teams sections, each with its remedy."""
    from ops.chats.teams.settings import TEAMS
    from ops.chats.teams.webhook import TeamsChat, UnusableWebhookError

    problems = [_bot_problem(settings, environment)]
    webhook = environment.get("TEAMS_WEBHOOK", "")
    if settings is not None and settings.chat.get(TEAMS) and webhook:
        try:
            TeamsChat(webhook)
        except UnusableWebhookError as error:
            problems.append(f"The app setting TEAMS_WEBHOOK is not usable: {error}")
    return tuple(problem for problem in problems if problem)


def _bot_problem(settings: "Settings | None", environment: Mapping[str, str]) -> str:
    """Why the configured bot cannot work here; empty if it can, or if no bot is configured."""
    from ops.chats.teams.settings import TEAMS_BOT

    if settings is None or settings.chat.get(TEAMS_BOT) is None:
        return ""
    if not environment.get("TEAMS_BOT_APP_ID"):
        return (
            "chat.teams-bot is configured, but the app setting TEAMS_BOT_APP_ID is missing. Nothing is posted to Teams. "
            "Set it to the bot's application id (docs/teams.md)."
        )
    if not _has_client():
        return (
            "chat.teams-bot is configured, but the package has no Teams client. Nothing is posted to Teams. "
            "Build it with `make package PACKAGE_ARGS=--teams-bot` (docs/teams.md)."
        )
    return ""


class TeamsConnection:
    """Implements `Connection` for the webhook and the bot.

    The bot's endpoint works without `chat.teams-bot`: after its first installation, the bot uses it to report which
    conversation to configure there.
    """

    def __init__(self, environment: Mapping[str, str], clock: "Clock") -> None:
        self._environment, self._clock = environment, clock
        self._webhooks: dict[str, TeamsChat | None] = {}
        self._endpoints: dict[str, TeamsBotEndpoint] = {}
        self._rejected: RejectedRequests | None = None
        self._warned: set[str] = set()

    def chats(self, settings: "Settings | None") -> "tuple[TeamsChat | TeamsBotChat, ...]":
        """Returns the webhook and the bot, if they are configured and usable. Logs each problem once per process."""
        if settings is None:
            return ()
        for problem in set(problems_of(settings, self._environment)) - self._warned:
            self._warned.add(problem)
            _LOG.warning("%s", problem)
        chats = (self._webhook(settings), self._bot(settings))
        return tuple(chat for chat in chats if chat is not None)

    def replies(self, settings: "Settings | None") -> "tuple[TeamsBotEndpoint, ...]":
        """Returns the bot's replies; a webhook cannot reply."""
        endpoint = self.endpoint(settings)
        return (endpoint,) if endpoint is not None else ()

    def access(self, settings: "Settings | None") -> "TeamsAccess":
        """Returns what the bot's HTTP endpoint uses to verify requests."""
        from ops.chats.teams.endpoint import TeamsAccess
        from ops.endpoints.rejected_requests import RejectedRequests

        if self._rejected is None:
            self._rejected = RejectedRequests()
        return TeamsAccess(self.endpoint(settings), self._rejected)

    def endpoint(self, settings: "Settings | None") -> "TeamsBotEndpoint | None":
        """Returns the bot of the configured tenant; None without TEAMS_BOT_APP_ID, a client in the package or a configuration."""
        app_id = self._environment.get("TEAMS_BOT_APP_ID", "")
        if settings is None or not app_id or not _has_client():
            return None
        from ops.chats.teams.settings import IDENTITY

        tenant = settings.people.tenants.get(IDENTITY.name, "")
        if tenant not in self._endpoints:
            self._endpoints[tenant] = _endpoint(self._environment, app_id, tenant, self._clock)
        return self._endpoints[tenant]

    def _webhook(self, settings: "Settings") -> "TeamsChat | None":
        from ops.chats.teams.settings import TEAMS

        section, webhook = settings.chat.get(TEAMS), self._environment.get("TEAMS_WEBHOOK", "")
        if section is None or not webhook:
            return None
        envelope = section.envelope
        if envelope not in self._webhooks:
            from ops.chats.teams.webhook import TeamsChat, UnusableWebhookError

            try:
                self._webhooks[envelope] = TeamsChat(webhook, envelope)
            except UnusableWebhookError:
                self._webhooks[envelope] = None  # `problems_of` reports this; the other chats still work
        return self._webhooks[envelope]

    def _bot(self, settings: "Settings") -> "TeamsBotChat | None":
        from ops.chats.teams.settings import TEAMS_BOT

        configured, endpoint = settings.chat.get(TEAMS_BOT), self.endpoint(settings)
        if configured is None or endpoint is None:
            return None
        from ops.chats.teams.bot import TeamsBotChat

        return TeamsBotChat(endpoint.connector, configured.conversation, configured.service_url)


@cache
def _has_client() -> bool:
    """Whether the optional extra is installed, without importing it."""
    return find_spec("microsoft_agents") is not None


def _endpoint(environment: Mapping[str, str], app_id: str, tenant: str, clock: "Clock") -> "TeamsBotEndpoint":
    from ops.chats.teams.bot import TeamsBotEndpoint
    from ops.chats.teams.connector import TeamsConnector
    from ops.chats.teams.signing_keys import METADATA, SigningKeys
    from ops.chats.teams.tokens import BotTokens

    simulated = frozenset(environment.get("TEAMS_HOSTS", "").split(",")) - {""}
    connector = TeamsConnector(app_id, _credential(environment, app_id, tenant), simulated)
    keys = SigningKeys(environment.get("TEAMS_OPENID_URL", METADATA), clock)
    return TeamsBotEndpoint(connector, BotTokens(app_id, keys))


def _credential(environment: Mapping[str, str], app_id: str, tenant: str) -> "TokenCredential":
    """Returns the secret if there is one, otherwise the user-assigned identity whose client id is the bot's application id."""
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
