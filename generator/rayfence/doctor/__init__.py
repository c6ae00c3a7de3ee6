"""Examines a cluster: finds what weakens isolation there, and says how to fix each finding."""

from rayfence.doctor.examining import CHECKS, examine
from rayfence.doctor.finding import Examination, Finding, Note

__all__ = ["CHECKS", "Examination", "Finding", "Note", "examine"]
