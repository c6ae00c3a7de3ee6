"""The objects of a cluster, live or saved. This is the only package that talks to an API server."""
