"""Config and the objects of a cluster in; out come findings: what weakens the fences there, and how to mend each."""

from rayfence.doctor.examining import CHECKS, examine
from rayfence.doctor.finding import Examination, Finding, Note

__all__ = ["CHECKS", "Examination", "Finding", "Note", "examine"]
