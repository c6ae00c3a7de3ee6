"""rayfence: one tenant config becomes the policies, the isolation and the proof of a shared Ray cluster."""

__version__ = "0.1.0"
