"""A real Kubernetes control plane with Kyverno on loopback, without a container: for suites and for a look by hand."""
