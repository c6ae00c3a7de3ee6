"""Cases: objects, each with the rules it breaks. Read from `testcases/`, or derived from the rules themselves."""

from rayfence.cases.case import Case
from rayfence.cases.derived import derived
from rayfence.cases.written import CaseError, load
from rayfence.network.tables import GENERATION

__all__ = ["GENERATION", "Case", "CaseError", "derived", "load"]
