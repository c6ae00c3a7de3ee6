"""So many objects, the same ones for the same seed."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings

from .objects import Json, objects


def drawn(number: int, start: int = 0) -> list[Json]:
    """`number` objects. Hypothesis draws them; judging and shrinking go by the batch, and are ours."""
    found: list[Json] = []

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(objects())
    def collect(value: Json) -> None:
        found.append(value)

    collect()
    return found
