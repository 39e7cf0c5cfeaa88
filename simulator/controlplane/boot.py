"""Starts a control plane on free loopback ports, and stops it, etcd last."""

import json
import secrets
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.controlplane.programs import BootError, Program, start

HOST = "127.0.0.1"
READY_WITHIN_S = 60
POLL_S = 0.1
# Cloud controllers are off. The node lifecycle controller stays on, because nodes would otherwise keep their not-ready taint.
CONTROLLERS = "*,-node-ipam-controller,-cloud-node-lifecycle-controller,-node-route-controller,-service-lb-controller"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A running control plane whose only user is a cluster admin."""

    url: str
    ca_file: Path
    token: str
    kubeconfig: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class _Ports:
    etcd: int
    peer: int
    api: int
    manager: int
    scheduler: int


@contextmanager
def running_control_plane(binaries: Path) -> Iterator[ControlPlane]:
    """Start etcd, the API server, the controller manager, the scheduler and kwok, which takes about three seconds.

    Raises:
        BootError: a component ended, or the API server was not ready within a minute.
    """
    folder = Path(tempfile.mkdtemp(prefix="daytwo-controlplane-"))
    with ExitStack() as running:
        running.callback(shutil.rmtree, folder)
        plane = _prepare(folder, ports := _free_ports())
        # Stopped in reverse order, because an API server takes a long time to end if etcd is stopped first.
        etcd = _start(running, binaries, folder, "etcd", _etcd(folder, ports))
        server = _start(running, binaries, folder, "kube-apiserver", _api_server(folder, ports))
        _wait_until_ready(plane, (etcd, server))
        _start(running, binaries, folder, "kube-controller-manager", _controller_manager(plane, ports))
        _start(running, binaries, folder, "kube-scheduler", _scheduler(plane, ports))
        _start(running, binaries, folder, "kwok", _kwok(plane))
        yield plane


def _start(running: ExitStack, binaries: Path, folder: Path, name: str, arguments: list[str]) -> Program:
    program = start(binaries, folder, name, arguments)
    running.callback(program.stop)
    return program


def _free_ports() -> _Ports:
    """Return free ports."""
    with ExitStack() as held:
        found = []
        for _ in range(5):
            probe = held.enter_context(socket.socket())
            probe.bind((HOST, 0))
            found.append(int(probe.getsockname()[1]))
    return _Ports(*found)


def _prepare(folder: Path, ports: _Ports) -> ControlPlane:
    """Write keys, certificates, the token and the kubeconfig."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    serving = authority.issue_cert(HOST, "localhost")
    serving.private_key_pem.write_to_path(folder / "serving.key")
    with (folder / "serving.pem").open("wb") as chain:
        for part in serving.cert_chain_pems:
            chain.write(part.bytes())
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "accounts.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "accounts.pub").write_bytes(public)
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    url = f"https://{HOST}:{ports.api}"
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(url, ca_file, token)))
    return ControlPlane(url, ca_file, token, kubeconfig, folder)


def _kubeconfig(url: str, ca_file: Path, token: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin"}}],
        "current-context": "local",
    }


def _etcd(folder: Path, ports: _Ports) -> list[str]:
    client = f"http://{HOST}:{ports.etcd}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls=http://{HOST}:{ports.peer}",
        "--unsafe-no-fsync",
        "--log-level=error",
    ]


def _api_server(folder: Path, ports: _Ports) -> list[str]:
    return [
        f"--etcd-servers=http://{HOST}:{ports.etcd}",
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        f"--secure-port={ports.api}",
        f"--cert-dir={folder / 'certs'}",
        f"--tls-cert-file={folder / 'serving.pem'}",
        f"--tls-private-key-file={folder / 'serving.key'}",
        f"--service-account-key-file={folder / 'accounts.pub'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        "--anonymous-auth=false",
    ]


def _controller_manager(plane: ControlPlane, ports: _Ports) -> list[str]:
    return [
        f"--kubeconfig={plane.kubeconfig}",
        f"--controllers={CONTROLLERS}",
        "--kube-api-qps=300",
        "--kube-api-burst=500",
        f"--service-account-private-key-file={plane.folder / 'accounts.key'}",
        "--leader-elect=false",
        f"--bind-address={HOST}",
        f"--secure-port={ports.manager}",
        f"--cert-dir={plane.folder / 'manager-certs'}",
    ]


def _scheduler(plane: ControlPlane, ports: _Ports) -> list[str]:
    return [
        f"--kubeconfig={plane.kubeconfig}",
        "--leader-elect=false",
        f"--bind-address={HOST}",
        f"--secure-port={ports.scheduler}",
        f"--cert-dir={plane.folder / 'scheduler-certs'}",
        "--authentication-skip-lookup",
        "--authentication-tolerate-lookup-failure",
    ]


def _kwok(plane: ControlPlane) -> list[str]:
    return [
        f"--kubeconfig={plane.kubeconfig}",
        "--manage-all-nodes=true",
        f"--config={Path(__file__).with_name('stages.yaml')}",
        "--node-lease-duration-seconds=40",
        "--cidr=10.1.0.0/16",
        f"--node-ip={HOST}",
    ]


def _wait_until_ready(plane: ControlPlane, programs: tuple[Program, ...]) -> None:
    context = ssl.create_default_context(cafile=str(plane.ca_file))
    headers = {"Authorization": f"Bearer {plane.token}"}
    until = time.monotonic() + READY_WITHIN_S
    with httpx.Client(base_url=plane.url, headers=headers, verify=context, timeout=5, trust_env=False) as http:
        while not _is_ready(http):
            for program in programs:
                program.check()
            if time.monotonic() > until:
                raise BootError(f"The API server at {plane.url} was not ready within {READY_WITHIN_S} s.")
            time.sleep(POLL_S)  # `/readyz` can only be polled; the deadline above ends the loop


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").content == b"ok"
    except httpx.TransportError:
        return False
