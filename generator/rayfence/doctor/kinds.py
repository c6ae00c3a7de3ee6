"""The kinds that an examination reads, in addition to those that rules cover."""

from __future__ import annotations

from rayfence.subjects import Resource

NAMESPACES = Resource("", "v1", "Namespace", "namespaces")
NODES = Resource("", "v1", "Node", "nodes")
CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps")
DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments")
DAEMON_SETS = Resource("apps", "v1", "DaemonSet", "daemonsets")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")
CLUSTER_ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings")
DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
WEBHOOKS = Resource(
    "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"
)
EXCEPTIONS = (
    Resource("kyverno.io", "v2", "PolicyException", "policyexceptions"),
    Resource("policies.kyverno.io", "v1", "PolicyException", "policyexceptions"),
)
