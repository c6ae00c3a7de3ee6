"""Connects to the cluster that a kubeconfig and a context name."""

from __future__ import annotations

import os

from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException
from kubernetes.dynamic import DynamicClient

from rayfence.cluster.live import Cluster
from rayfence.cluster.objects import Unanswered


def connect(kubeconfig: str | None = None, context: str | None = None) -> Cluster:
    """The cluster that kubectl would take, or the one this runs in. Raises Unanswered where there is none."""
    try:
        api = _api(kubeconfig, context)
    except (ConfigException, OSError) as error:
        what = "name a file with --kubeconfig and a context with --context, as kubectl config get-contexts lists them"
        raise Unanswered(f"no cluster to ask: {error}; {what}") from None
    # Without a discoverer: every path is known, and to find them out takes a request for each API group there is.
    return Cluster(DynamicClient(api, discoverer=lambda client, cache: None))


def _api(kubeconfig: str | None, context: str | None) -> client.ApiClient:
    if kubeconfig is None and context is None and _runs_in_a_pod():
        settings = client.Configuration()
        config.load_incluster_config(client_configuration=settings)
        return client.ApiClient(settings)
    # The client looks at the variable when it is imported, and never again.
    file = kubeconfig or os.environ.get("KUBECONFIG") or None
    return config.new_client_from_config(config_file=file, context=context, persist_config=False)


def _runs_in_a_pod() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and not os.environ.get("KUBECONFIG")
