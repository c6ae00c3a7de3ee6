"""Collects the errors and warnings of one document of a tenant config, each with its line."""

from __future__ import annotations

from rayfence.model.field_path import FieldPath
from rayfence.yamlio import Document, Problem


class Diagnostics:
    """The problems and warnings found in `document` so far. A warning does not stop anything."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(self, path: FieldPath, message: str) -> None:
        """`message` is "what is wrong; what to write"; the path and the line come before it."""
        self.problems.append(self._placed(path, message))

    def warn(self, path: FieldPath, message: str) -> None:
        """`message` is "what is odd; what to write"."""
        self.warnings.append(self._placed(path, message))

    def written(self, path: FieldPath) -> str:
        """The scalar at `path` as its author spelled it."""
        return self.document.written(path) or ""

    def _placed(self, path: FieldPath, message: str) -> Problem:
        return Problem(self.document.file, self.document.line_of(path), f"{str(path) or 'document'}: {message}")
