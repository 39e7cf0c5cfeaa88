"""The bot's own adapter, connected to a cluster under test."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from azure.core.credentials import AccessToken, TokenCredential

from ops.adapters.kubernetes_nodes import KubernetesNodes
from tests.kubernetes.clusters import Cluster


@dataclass
class Token:
    """The cluster's own token, used as a credential."""

    value: str

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """The token, for the AKS scope."""
        assert scopes == ("6dae42f8-4368-4678-94ff-3960e28e3630/.default",)
        return AccessToken(self.value, 2**31)


def adapter(of: Cluster) -> KubernetesNodes:
    """The unmodified adapter."""
    token = str(of.api.configuration.api_key["authorization"]).removeprefix("Bearer ")
    return KubernetesNodes(cast("TokenCredential", Token(token)), lambda _: _kubeconfig(of))


def _kubeconfig(of: Cluster) -> bytes:
    authority = base64.b64encode(Path(str(of.api.configuration.ssl_ca_cert)).read_bytes()).decode()
    server = {"server": of.api.configuration.host, "certificate-authority-data": authority}
    return json.dumps({"clusters": [{"name": "c", "cluster": server}]}).encode()
