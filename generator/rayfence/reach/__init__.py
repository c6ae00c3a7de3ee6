"""Who reaches whom: NetworkPolicies read the way Kubernetes defines them, over the pods that KubeRay would make."""
