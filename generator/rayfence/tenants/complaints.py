"""What is wrong with one document of a tenant config, collected with the line of each fault."""

from __future__ import annotations

from rayfence.path import Path
from rayfence.yamlio import Document, Problem


class Complaints:
    """The problems found in `document` so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def add(self, path: Path, message: str) -> None:
        """`message` is "what is wrong; what to write"; the path and the line come before it."""
        place = str(path) or "document"
        self.problems.append(Problem(self.document.file, self.document.line_of(path), f"{place}: {message}"))

    def written(self, path: Path) -> str:
        """The scalar at `path` as its author spelled it."""
        return self.document.written(path) or ""
