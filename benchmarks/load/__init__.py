"""What policies cost on a live API server, and whether a crowd of RayClusters is isolated to the last one."""
