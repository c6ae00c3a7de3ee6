"""Breaks policies on purpose, one change at a time, and finds out whether a test case catches it."""

from rayfence.mutation.equivalents import known, matches
from rayfence.mutation.mutant import Mutant
from rayfence.mutation.mutants import mutants
from rayfence.mutation.running import MutantResult, result_of, run

__all__ = ["Mutant", "MutantResult", "known", "matches", "mutants", "result_of", "run"]
