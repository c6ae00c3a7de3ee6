"""The tables of the Pod Security Standards' baseline, as of Kubernetes 1.35, and where a pod has containers.

A field is fine where it is left out, null, or one of the values in its table. A procMount other than Default is refused
in a pod with a user namespace too, which Kubernetes would allow.
"""

from __future__ import annotations

from collections.abc import Mapping

LISTS = ("containers", "initContainers", "ephemeralContainers")
"""Where a pod spec has containers."""

CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""What a container runtime gives by default, so that it may be asked for."""

SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)
"""What the kernel keeps apart for each pod."""

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
"""The annotation from before the field, one for each container; Kubernetes below 1.30 knows nothing else."""

Allowed = tuple[str | bool, ...]
Fields = Mapping[tuple[str, ...], Allowed]

_PROFILES = ("RuntimeDefault", "Localhost")
_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")

CONTEXT = "securityContext"

POD_FIELDS: Fields = {("hostNetwork",): (False,), ("hostPID",): (False,), ("hostIPC",): (False,)}

CONTEXT_FIELDS: Fields = {
    ("windowsOptions", "hostProcess"): (False,),
    ("seLinuxOptions", "type"): _TYPES,
    ("seLinuxOptions", "user"): ("",),
    ("seLinuxOptions", "role"): ("",),
    ("seccompProfile", "type"): _PROFILES,
    ("appArmorProfile", "type"): _PROFILES,
}
"""In the securityContext of a pod or a container."""

CONTAINER_FIELDS: Fields = {("privileged",): (False,), ("procMount",): ("Default",)}
"""In that of a container alone."""

PROBES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    (): ("livenessProbe", "readinessProbe", "startupProbe"),
    ("lifecycle",): ("postStart", "preStop"),
}
"""Where a container says what the kubelet asks it."""

PROBE_FIELDS: Fields = {("httpGet", "host"): ("",), ("tcpSocket", "host"): ("",)}
"""A kubelet asks from the node's own network, so a probe with a host reaches what the pod cannot."""
