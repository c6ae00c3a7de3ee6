"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback, and a kubeconfig for each user."""

from __future__ import annotations

import json
from pathlib import Path

from controlplane.certificates import LOOPBACK, Authority, Pair
from controlplane.client import Client
from controlplane.processes import Process, answers, free_port, until
from controlplane.programs import API_SERVER, CONTROLLER_MANAGER, SCHEDULER, Programs

SECONDS_TO_START = 120

# There is no kubelet: what watches over nodes would take every one of them for dead, and evict what is on them.
_LEFT_OUT = ("node-lifecycle-controller", "taint-eviction-controller", "node-ipam-controller")

# One line for each request, with what policies that only audit had to say.
_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata", "verbs": ["create", "update", "patch", "delete"]}, {"level": "None"}],
}


class Servers:
    """One control plane in `folder`: keys, data, logs and kubeconfigs are all in there."""

    def __init__(self, programs: Programs, folder: Path) -> None:
        self._folder, self._programs = folder, programs
        self.logs = folder / "logs"
        self.logs.mkdir()
        self._authority = Authority(folder / "keys")
        self._port = free_port()
        self.audit_log = folder / "audit.jsonl"
        self.kubeconfig = self.kubeconfig_of("admin", "rayfence-admin", "system:masters")
        etcd, (self.api_server, *others) = self._etcd(), self._kubernetes()
        self._processes = [etcd, self.api_server, *others]

    def start(self) -> Client:
        """Start all of it and return the administrator's client. Raises NotUp."""
        etcd, server, *others = self._processes
        etcd.start()
        etcd.wait("etcd", lambda: answers(self._etcd_port), SECONDS_TO_START)
        server.start()
        server.wait("the port", lambda: answers(self._port), SECONDS_TO_START)
        admin = Client(self.kubeconfig)
        server.wait("/readyz", lambda: admin.request("GET", "/readyz").ok, SECONDS_TO_START)
        for each in others:
            each.start()
        # The controller manager collects roles by label, and makes the account that every pod runs as.
        until("the role `edit`", lambda: _role_is_full(admin, "edit"), SECONDS_TO_START)
        return admin

    def stop(self) -> None:
        """End what was started, the last first."""
        for process in reversed(self._processes):
            process.stop()

    def kubeconfig_of(self, name: str, user: str, *groups: str) -> Path:
        """A kubeconfig for a user that its certificate names."""
        pair = self._authority.issue(name, user, *groups)
        return self._write_kubeconfig(name, {"client-certificate": str(pair.certificate), "client-key": str(pair.key)})

    def kubeconfig_with(self, name: str, token: str) -> Path:
        """A kubeconfig for whoever the token is of."""
        return self._write_kubeconfig(name, {"token": token})

    def pair_of(self, name: str) -> Pair:
        """A certificate of a server on loopback, and its key."""
        return self._authority.issue(name, name)

    @property
    def authority(self) -> Path:
        """The certificate of whoever vouches for all of it."""
        return self._authority.certificate

    def _write_kubeconfig(self, name: str, user: dict[str, str]) -> Path:
        cluster = {
            "server": f"https://{LOOPBACK}:{self._port}",
            "certificate-authority": str(self._authority.certificate),
        }
        value = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "rayfence", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "rayfence", "context": {"cluster": "rayfence", "user": name}}],
            "current-context": "rayfence",
        }
        path = self._folder / "keys" / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps(value))
        return path

    def _etcd(self) -> Process:
        self._etcd_port = free_port()
        self._etcd_pair = self._authority.issue("etcd", "etcd")
        here, peers = f"https://{LOOPBACK}:{self._etcd_port}", f"http://{LOOPBACK}:{free_port()}"
        flags = {
            "data-dir": self._folder / "etcd",
            "listen-client-urls": here,
            "advertise-client-urls": here,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
            "cert-file": self._etcd_pair.certificate,
            "key-file": self._etcd_pair.key,
            "trusted-ca-file": self._authority.certificate,
            "client-cert-auth": True,
            "unsafe-no-fsync": True,
            "log-level": "warn",
        }
        return Process("etcd", [self._programs.etcd, *_flags(flags)], self.logs)

    def _kubernetes(self) -> list[Process]:
        private, public = self._authority.signing_key("accounts")
        manager = self.kubeconfig_of("controller-manager", "system:kube-controller-manager")
        scheduler = self.kubeconfig_of("scheduler", "system:kube-scheduler")
        server = self._api_server(self._authority.issue("api-server", "kube-apiserver"), private, public)
        alone = {"secure-port": 0, "leader-elect": False}
        controllers = ",".join(["*", *(f"-{name}" for name in _LEFT_OUT)])
        managing = {
            "kubeconfig": manager,
            "root-ca-file": self._authority.certificate,
            "service-account-private-key-file": private,
            "use-service-account-credentials": True,
            "controllers": controllers,
            **alone,
        }
        return [
            server,
            Process("controller-manager", [self._programs.of(CONTROLLER_MANAGER), *_flags(managing)], self.logs),
            Process(
                "scheduler", [self._programs.of(SCHEDULER), *_flags({"kubeconfig": scheduler, **alone})], self.logs
            ),
        ]

    def _api_server(self, own: Pair, private: Path, public: Path) -> Process:
        policy = self._folder / "audit-policy.json"
        policy.write_text(json.dumps(_AUDIT))
        flags = {
            "etcd-servers": f"https://{LOOPBACK}:{self._etcd_port}",
            "etcd-cafile": self._authority.certificate,
            "etcd-certfile": self._etcd_pair.certificate,
            "etcd-keyfile": self._etcd_pair.key,
            "bind-address": LOOPBACK,
            "advertise-address": LOOPBACK,
            "secure-port": self._port,
            "tls-cert-file": own.certificate,
            "tls-private-key-file": own.key,
            "client-ca-file": self._authority.certificate,
            "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
            "service-account-signing-key-file": private,
            "service-account-key-file": public,
            "service-cluster-ip-range": "10.0.0.0/16",
            "endpoint-reconciler-type": "none",
            "authorization-mode": "Node,RBAC",
            "anonymous-auth": False,
            "profiling": False,
            # As kubeadm has it; without it a privileged pod is no valid one, and no policy is ever asked.
            "allow-privileged": True,
            "audit-policy-file": policy,
            "audit-log-path": self.audit_log,
            "audit-log-mode": "blocking",
        }
        return Process("api-server", [self._programs.of(API_SERVER), *_flags(flags)], self.logs)


def _flags(flags: dict[str, object]) -> list[str]:
    return [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in flags.items()]


def _role_is_full(admin: Client, name: str) -> bool:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    return bool(admin.get(role).value.get("rules"))
