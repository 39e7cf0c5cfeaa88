"""Verifies Slack's request signature: Slack sent the raw body to this app, at most five minutes ago."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.ports.runtime import Clock


@dataclass(frozen=True, slots=True)
class SlackSignature:
    """Implements `Signature` with Slack's own verifier and the signing secret (`SLACK_SIGNING_SECRET`)."""

    secret: str = field(repr=False)
    clock: Clock

    def is_valid(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether Slack signed this body within five minutes of now. Header names are case-insensitive."""
        from slack_sdk.signature import Clock as Seconds
        from slack_sdk.signature import SignatureVerifier

        now_s = self.clock.now().timestamp()

        class Present(Seconds):
            def now(self) -> float:
                return now_s

        try:
            return SignatureVerifier(self.secret, Present()).is_valid_request(body, headers)
        except (ValueError, TypeError, OverflowError):
            # The timestamp is not an integer or is too large, the body is not UTF-8, or the signature is not ASCII.
            return False
