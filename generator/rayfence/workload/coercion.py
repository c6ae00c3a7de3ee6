"""How odd values are read: no type a person may write makes a rule fail to answer.

A stray value in a list's place is a list of itself, and a scalar in a map's place is an empty map; `cel` says the same
to engines. Only a list in a map's place has no reading. No version of a CRD takes any of this.
"""

from __future__ import annotations

from typing import Any

from rayfence.model.field_path import FieldPath

ROOT = FieldPath()


class Malformed(ValueError):
    """A value, most often a list, is where every version of the kind has a map.

    The rules cannot check such an object.
    """

    def __init__(self, path: FieldPath, found: str = "a list") -> None:
        super().__init__(f"{path}: {found} where a mapping belongs")
        self.path, self.found = path, found

    def below(self, path: FieldPath) -> Malformed:
        """The same, for an object that stands at `path`."""
        return Malformed(path + self.path, self.found)


def dig(value: Any, *keys: str, at: FieldPath = ROOT) -> Any:
    """The value below `keys`, None if a step is missing. Raises Malformed if a step is a list."""
    for depth, key in enumerate(keys):
        if not isinstance(value, dict):
            if isinstance(value, list):
                raise Malformed(at + keys[:depth])
            return None
        value = value.get(key)
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, None as an empty one, and a stray value as a list of itself."""
    return value if isinstance(value, list) else [] if value is None else [value]
