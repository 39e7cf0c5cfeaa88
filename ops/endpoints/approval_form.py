"""The form on the approval page: who can use it, the token that binds it to one person and one request, and its fields."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from ops.approvals.votes import LongReasonError, read_reason
from ops.endpoints.rejected_requests import RejectedRequests
from ops.model.approval import Choice
from ops.model.people import Identity

SHORTEST_KEY = 32
GOOD_FOR = timedelta(hours=1)
LARGEST_FORM_BYTES = 16_384
_SALT = "daytwo.approval-form.1"
_FIELDS = frozenset({"choice", "reason", "csrf"})


@dataclass(frozen=True, slots=True)
class PageAccess:
    """The page's app settings: whether App Service signs people in, and the key with which the page signs its forms."""

    sign_in: bool
    key: str
    rejected: RejectedRequests = field(default_factory=RejectedRequests)

    @property
    def missing(self) -> str:
        """Why the page cannot accept decisions, with the remedy; empty if it can."""
        if not self.sign_in:
            return "sign-in is not enabled for this app: enable App Service authentication with Microsoft Entra ID"
        if len(self.key) < SHORTEST_KEY:
            return (
                "the app setting DAYTWO_PAGE_KEY is missing or too short: "
                f"set it to at least {SHORTEST_KEY} random characters"
            )
        return ""


class RefusedFormError(Exception):
    """A rejected form. `reason` is the code for the ledger, the text is for the sender, `status` is the HTTP status."""

    def __init__(self, status: int, reason: str, why: str) -> None:
        super().__init__(why)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Form:
    """The submitted fields."""

    choice: Choice
    reason: str
    token: str


class _Signer(TimestampSigner):
    """A signer that uses the bot's clock instead of the machine's."""

    def __init__(self, secret_key: list[bytes], salt: bytes, now: Callable[[], datetime]) -> None:
        super().__init__(secret_key, salt, key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now().timestamp())


class FormTokens:
    """Creates and verifies form tokens."""

    def __init__(self, key: str, now: Callable[[], datetime]) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt=_SALT, signer=_Signer, signer_kwargs={"now": now})

    def make(self, identity: Identity, approval_token: str) -> str:
        """Creates a token for this person and this approval token. Its nonce makes each displayed form a separate event."""
        made: str | bytes = self._serializer.dumps([secrets.token_urlsafe(16), str(identity), approval_token])
        return made if isinstance(made, str) else made.decode()

    def event(self, token: str, identity: Identity, approval_token: str) -> str:
        """Returns the nonce of a token that was created for the same person and approval token within the last hour.

        Raises:
            RefusedFormError: the token is older, or was created for something else.
        """
        try:
            nonce, person, made_for = self._serializer.loads(token, max_age=int(GOOD_FOR.total_seconds()))
        except SignatureExpired:
            why = "this form is older than an hour, so nothing was decided: open the page again, review it, then decide"
            raise RefusedFormError(403, "stale-form", why) from None
        except (BadData, ValueError, TypeError):
            raise RefusedFormError(403, "foreign-form", _FOREIGN) from None
        if (person, made_for) != (str(identity), approval_token):
            raise RefusedFormError(403, "foreign-form", _FOREIGN)
        return str(nonce)


_FOREIGN = (
    "this form was issued for another person or request, so nothing was decided: open the page again and decide there"
)


def check_origin(headers: Mapping[str, str], hosts: frozenset[str]) -> None:
    """Checks that no other site sent the form, if the browser reports the sender.

    https://www.w3.org/TR/fetch-metadata: `none` means that the user started the request. For browsers that send neither
    header, the token is the protection.

    Raises:
        RefusedFormError: another site sent the form.
    """
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    foreign = site not in ("", "same-origin", "none")
    if origin and not (origin == "null" and site == "same-origin"):
        foreign = foreign or urlsplit(origin).netloc not in hosts
    if foreign:
        raise RefusedFormError(403, "from-elsewhere", "another site sent this form, so nothing was decided")


def read_form(headers: Mapping[str, str], body: bytes) -> Form:
    """Returns the fields. Each field can occur only once.

    Raises:
        RefusedFormError: the body is too large, not a form, or has other fields.
    """
    if len(body) > LARGEST_FORM_BYTES:
        raise RefusedFormError(413, "too-large", "this form is larger than 16 kB, so nothing was decided")
    kind = headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != "application/x-www-form-urlencoded":
        raise RefusedFormError(400, "broken-form", _BROKEN)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=len(_FIELDS))
        choice = Choice(fields["choice"][0])
    except (UnicodeDecodeError, ValueError, KeyError):
        raise RefusedFormError(400, "broken-form", _BROKEN) from None
    once = all(len(values) == 1 for values in fields.values())
    if not once or not set(fields) <= _FIELDS or "csrf" not in fields:
        raise RefusedFormError(400, "broken-form", _BROKEN)
    return Form(choice, _reason(fields.get("reason", [""])[0]), fields["csrf"][0])


_BROKEN = "this form is malformed, so nothing was decided: open the page again, then decide"


def _reason(text: str) -> str:
    try:
        return read_reason(text)
    except LongReasonError as error:
        raise RefusedFormError(400, "long-reason", str(error)) from None
