"""Cases: objects, each with the rules it breaks. Read from `testcases/`, or derived from the rules themselves."""

from rayfence.cases.case import GENERATION, Case
from rayfence.cases.derived import derived
from rayfence.cases.written import CaseError, load

__all__ = ["GENERATION", "Case", "CaseError", "derived", "load"]
