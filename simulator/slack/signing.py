"""Signs a body as Slack does, for any time. The bot's endpoints have to verify the signature.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack. Slack's own client is not used here,
because tests use it to verify the signature.
"""

import hashlib
import hmac
from datetime import datetime

#: The signing secret for a fictitious app.
SIGNING_SECRET = "5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f"  # noqa: S105  # of the simulated workspace


def signed(body: bytes, at: datetime, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Return the two signature headers that Slack sends with a body at a given time."""
    timestamp = str(int(at.timestamp()))
    base = b":".join((b"v0", timestamp.encode(), body))
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}
