"""The path of a value in a manifest: `spec.workerGroupSpecs[1].template`, `metadata.labels[ray.io/cluster]`."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_STEP = re.compile(r"\[([^\]]*)\]|\.?([A-Za-z0-9_-]+)")


class FieldPath(tuple[str | int, ...]):
    """Keys and indices from the document's root. `path / "spec" / 0` goes deeper; `str(path)` is what people read."""

    __slots__ = ()

    def __truediv__(self, step: str | int) -> FieldPath:
        return FieldPath((*self, step))

    def __add__(self, steps: tuple[str | int, ...]) -> FieldPath:  # type: ignore[override]
        return FieldPath((*tuple(self), *steps))

    @classmethod
    def of(cls, *steps: str | int) -> FieldPath:
        """The path with these steps."""
        return cls(steps)

    @classmethod
    def parse(cls, text: str) -> FieldPath:
        """The path that `str` would write as `text`."""
        found = (match.groups() for match in _STEP.finditer(text))
        return cls((int(index) if index.isdigit() else index) if index is not None else key for index, key in found)

    def __str__(self) -> str:
        text = ""
        for step in self:
            plain = isinstance(step, str) and _PLAIN.fullmatch(step)
            text += f"{'.' if text else ''}{step}" if plain else f"[{step}]"
        return text
