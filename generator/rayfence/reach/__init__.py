"""Computes who can connect to whom: evaluates NetworkPolicies as Kubernetes does, for the pods that KubeRay creates."""
