"""The two kubeconfig files: the one that ARM returns, and the one that the simulation writes for ``kubectl``."""

import base64
import json

from simulator.azure.tokens import KUBERNETES_AUDIENCE
from simulator.http_types import JsonObject


def kubeconfig(cluster: str, server: str, ca_pem: bytes, user: JsonObject) -> str:
    """Return a kubeconfig for one cluster as JSON, which is valid YAML."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster,
                "cluster": {"server": server, "certificate-authority-data": base64.b64encode(ca_pem).decode()},
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": f"clusterUser_{cluster}"}}],
        "current-context": cluster,
        "preferences": {},
        "users": [{"name": f"clusterUser_{cluster}", "user": user}],
    }
    return json.dumps(document, indent=1)


def exec_user(tenant: str) -> JsonObject:
    """Return the user entry for ``format=exec``, which has kubelogin get the token."""
    arguments = ["get-token", "--environment", "AzurePublicCloud", "--server-id", KUBERNETES_AUDIENCE]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": [*arguments, "--tenant-id", tenant, "--login", "devicecode"],
            "env": None,
            "provideClusterInfo": False,
        }
    }


def credential_results(config: str) -> JsonObject:
    """Return a kubeconfig inside ARM's CredentialResults."""
    return {"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(config.encode()).decode()}]}
