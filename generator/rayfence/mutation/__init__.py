"""Policies broken on purpose, one at a time: does any test case notice?"""

from rayfence.mutation.killing import Fate, fate, run
from rayfence.mutation.mutants import Mutant, mutants

__all__ = ["Fate", "Mutant", "fate", "mutants", "run"]
