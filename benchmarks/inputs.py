"""Sizes in, YAML documents out: tenants and RayClusters such as people write them, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template
from textwrap import indent

ONE_IN = 10
"""Of so many RayClusters one is over its tenant's maximum, so that finding the line of a fault is measured too."""


def tenants(count: int) -> Iterator[tuple[str, str]]:
    """(name, document) of each tenant; every second has two namespaces."""
    for number in range(count):
        name = _name(number)
        namespaces = f"ray-{name}, ray-{name}-dev" if number % 2 else f"ray-{name}"
        yield name, _TENANT.substitute(name=name, namespaces=namespaces)


def ray_clusters(count: int, tenants: int) -> Iterator[str]:
    """The documents of so many RayClusters, spread over so many tenants."""
    for number in range(count):
        limit = "999" if number % ONE_IN == ONE_IN - 1 else "4"
        yield _RAY_CLUSTER.substitute(number=number, tenant=_name(number % tenants), limit=limit)


def denied(count: int) -> int:
    """How many of so many RayClusters are over their tenant's maximum."""
    return count // ONE_IN


def _name(number: int) -> str:
    return f"team-{number:05}"


_TENANT = Template("""\
apiVersion: rayfence/v1alpha1
kind: Tenant
metadata:
  name: $name
spec:
  namespaces: [$namespaces]
  container:
    cpu:
      min: 500m
      max: "8"
    memory:
      min: 1Gi
      max: 32Gi
  quota:
    cpu: "1024"
    memory: 2048Gi
    accelerators: 64
    workers: 16
  namespaceQuota:
    cpu: "2048"
    memory: 4096Gi
    accelerators: 64
  network:
    mode: DenyAll
    scope: tenant
    ports: [6379, 8000, 8265, 10001]
""")

_TEMPLATE = Template("""\
template:
  metadata:
    labels:
      tenant: $tenant
  spec:
    nodeSelector:
      tenant: $tenant
    tolerations:
      - key: tenant
        operator: Equal
        value: $tenant
        effect: NoSchedule
      - key: nvidia.com/gpu
        operator: Exists
    initContainers:
      - name: fetch-code
        image: registry.example.com/fetch:1.4
        args: [--to, /code]
        resources:
          requests: {cpu: 500m, memory: 1Gi}
          limits: {cpu: "1", memory: 2Gi}
    containers:
      - name: ray-$role
        image: rayproject/ray:2.9.0
        resources:
          requests:
            cpu: "2"
            memory: 4Gi
          limits:
            cpu: "$limit"
            memory: 8Gi
            nvidia.com/gpu: 1
        volumeMounts:
          - mountPath: /code
            name: code
    volumes:
      - name: code
        emptyDir: {}
""")


def _template(**known: str) -> str:
    """A pod template with some of it filled in; the rest is filled in with the RayCluster's."""
    return indent(_TEMPLATE.safe_substitute(known), " " * 6)


def _worker_group(name: str) -> str:
    return f"""\
    - groupName: {name}
      replicas: 2
      minReplicas: 1
      maxReplicas: 4
      rayStartParams:
        num-cpus: "4"
{_template(role="worker", limit="4")}"""


_RAY_CLUSTER = Template(f"""\
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: training-$number
  namespace: ray-$tenant
  labels:
    tenant: $tenant
spec:
  rayVersion: 2.9.0
  enableInTreeAutoscaling: true
  autoscalerOptions:
    resources:
      requests: {{cpu: 200m, memory: 256Mi}}
      limits: {{cpu: 500m, memory: 1Gi}}
  headGroupSpec:
      rayStartParams:
        dashboard-host: 0.0.0.0
{_template(role="head")}\
  workerGroupSpecs:
{_worker_group("small")}\
{_worker_group("large")}""")
