"""The module that Azure loads."""

from ops.functions import build_app

app = build_app()
