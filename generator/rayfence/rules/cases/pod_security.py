"""Edits of a good pod that take it out of the Pod Security baseline, or only near its edge."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from rayfence.model.config import Tenant
from rayfence.rules.rule import At, Edit, Edits
from rayfence.rules.shared.baseline import APP_ARMOR


def put(at: At, keys: str, value: object) -> Edit:
    """Write a value below dotted keys, and the maps on the way to it."""
    *way, last = keys.split(".")

    def apply(target: dict[str, Any], tenant: Tenant) -> None:
        for key in way:
            target = target.setdefault(key, {})
        target[last] = deepcopy(value)

    return Edit(at, apply)


def annotate(name: str, value: str) -> Edit:
    """Write an annotation of the pod."""

    def apply(template: dict[str, Any], tenant: Tenant) -> None:
        template.setdefault("metadata", {}).setdefault("annotations", {})[name] = value

    return Edit(At.TEMPLATE, apply)


def breaks() -> Edits:
    """One or more ways out of each part of the baseline."""
    return {**_of_pods(), **_of_containers()}


def _of_pods() -> dict[str, Edit]:
    sysctl = {"name": "kernel.msgmax", "value": "65536"}
    return {
        "the node's network": put(At.POD, "hostNetwork", True),
        "the node's processes": put(At.POD, "hostPID", True),
        "the node's memory": put(At.POD, "hostIPC", True),
        "the node's disk": put(At.POD, "volumes", [{"name": "root", "hostPath": {"path": "/"}}]),
        "a sysctl of the node": put(At.POD, "securityContext.sysctls", [sysctl]),
        "an unconfined seccomp profile of a pod": put(At.POD, "securityContext.seccompProfile.type", "Unconfined"),
        "an unconfined AppArmor profile of a pod": put(At.POD, "securityContext.appArmorProfile.type", "Unconfined"),
        "an SELinux user": put(At.POD, "securityContext.seLinuxOptions.user", "system_u"),
        "a pod with hostProcess": put(At.POD, "securityContext.windowsOptions.hostProcess", True),
        "an unconfined AppArmor profile, by annotation": annotate(f"{APP_ARMOR}ray", "unconfined"),
    }


def _of_containers() -> dict[str, Edit]:
    def context(keys: str, value: object) -> Edit:
        return put(At.CONTAINER, f"securityContext.{keys}", value)

    return {
        "a privileged container": context("privileged", True),
        "all capabilities": context("capabilities.add", ["ALL"]),
        "a forbidden capability after an allowed one": context("capabilities.add", ["CHOWN", "SYS_ADMIN"]),
        "an unmasked /proc": context("procMount", "Unmasked"),
        "an unconfined seccomp profile of a container": context("seccompProfile.type", "Unconfined"),
        "an unconfined AppArmor profile of a container": context("appArmorProfile.type", "Unconfined"),
        "an SELinux type": context("seLinuxOptions.type", "spc_t"),
        "an SELinux role": context("seLinuxOptions.role", "sysadm_r"),
        "a container with hostProcess": context("windowsOptions.hostProcess", True),
        "a port of the node": put(At.CONTAINER, "ports", [{"containerPort": 6379, "hostPort": 6379}]),
        "a probe of another host": put(At.CONTAINER, "livenessProbe.httpGet", {"host": "169.254.169.254", "port": 80}),
        "a readiness probe of another host": put(
            At.CONTAINER, "readinessProbe.tcpSocket", {"host": "169.254.169.254", "port": 80}
        ),
        "a startup probe of another host": put(
            At.CONTAINER, "startupProbe.httpGet", {"host": "169.254.169.254", "port": 80}
        ),
        "a lifecycle hook to another host": put(
            At.CONTAINER, "lifecycle.preStop.tcpSocket", {"host": "10.0.0.1", "port": 80}
        ),
    }


def passes() -> Edits:
    """What is inside the baseline, though it reads like what is not."""
    return {
        "a container with restricted settings": put(At.CONTAINER, "securityContext", _CAREFUL),
        "a pod with restricted settings": put(At.POD, "securityContext", _POD),
        "all settings present and switched off": put(At.CONTAINER, "securityContext", _OFF),
        "container ports": put(At.CONTAINER, "ports", [{"containerPort": 6379}, {"containerPort": 1, "hostPort": 0}]),
        "a probe of its own port": put(At.CONTAINER, "readinessProbe.httpGet", {"host": "", "port": 8000}),
        "a lifecycle hook to its own port": put(
            At.CONTAINER, "lifecycle.postStart.httpGet", {"path": "/", "port": 8000}
        ),
        "volumes other than hostPath": put(At.POD, "volumes", _VOLUMES),
        "an AppArmor annotation with a local profile": annotate(f"{APP_ARMOR}ray", "localhost/ray"),
        "an AppArmor annotation with the runtime's default profile": annotate(f"{APP_ARMOR}ray", "runtime/default"),
    }


_CAREFUL = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "SYS_CHROOT"]},
    "seccompProfile": {"type": "RuntimeDefault"},
    "appArmorProfile": {"type": "Localhost", "localhostProfile": "ray"},
    "seLinuxOptions": {"type": "container_t", "level": "s0:c1,c2"},
}
_POD = {
    "fsGroup": 1000,
    "seccompProfile": {"type": "Localhost", "localhostProfile": "ray.json"},
    "sysctls": [{"name": "net.ipv4.ip_local_port_range", "value": "1024 65535"}],
}
_OFF = {
    "a privileged container": False,
    "procMount": "Default",
    "capabilities": {"add": []},
    "seLinuxOptions": {"type": "", "user": "", "role": ""},
    "windowsOptions": {"hostProcess": False},
}
_VOLUMES = [
    {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
    {"name": "settings", "configMap": {"name": "settings"}},
    {"name": "models", "persistentVolumeClaim": {"claimName": "models"}},
]
