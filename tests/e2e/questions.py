"""All cases as questions to a live API server, and its answers beside the Python reading's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from controlplane import access
from controlplane.client import Answer as HttpAnswer
from controlplane.client import Client

from rayfence import cases
from rayfence.cases import Case
from rayfence.model.config import Config, Enforcement
from rayfence.model.outcome import Outcome
from rayfence.suite.comparing import Compared, compare
from rayfence.suite.engine import EngineRun
from rayfence.suite.expecting import Expectations, distinct, namespace

from .asking import ask_all, completed, put_old, said, take_old, with_old
from .conftest import TENANT, TOP

DONE, NO_SUCH_OBJECT, FORBIDDEN = (200, 201), (400, 422), 403


@dataclass(frozen=True, slots=True)
class Questions:
    """Cases that an API server takes where there are no policies, and those that it refuses by itself.

    `seen` are the cases of `asked` with their objects as policies get to see them.
    """

    asked: list[Case]
    seen: list[Case]
    impossible: list[Case]
    unanswered: list[str]


@contextmanager
def asked(admin: Client, config: Config) -> Iterator[Questions]:
    """All cases, with the objects that they change or delete on the server, and access for whoever asks.

    The server has no policies yet; they have to be gone again at the end.
    """
    found = distinct([*cases.load([TOP / "testcases"]), *cases.derived(config)])
    askers = {case.request.username for case in found} - {""}
    access.let_edit(admin, sorted({namespace(case) for case in found}), [TENANT, *sorted(askers)])
    put_old(admin, found)
    answers = list(zip(found, ask_all(admin, with_old(admin, found), TENANT), strict=True))
    possible = [(case, answer) for case, answer in answers if not _is_impossible(answer)]
    yield Questions(
        [case for case, answer in possible if answer.ok],
        [completed(case, answer) for case, answer in possible if answer.ok],
        [case for case, answer in answers if _is_impossible(answer)],
        [f"{case.name}: {answer.message}" for case, answer in possible if answer.status not in DONE],
    )
    take_old(admin, found)


def _is_impossible(answer: HttpAnswer) -> bool:
    """Whether the server takes no such object, or only without a field that it does not know.

    Its own priority plugin refuses by 403.
    """
    if answer.ok:
        return any(warning.startswith("unknown field") for warning in answer.warnings)
    return answer.status in NO_SUCH_OBJECT or (answer.status == FORBIDDEN and "PriorityClass" in answer.message)


def audited(questions: Questions, config: Config) -> list[Case]:
    """What is asked for tenants to whom nothing is refused."""
    truth = Expectations(config)
    return [case for case in questions.asked if not is_enforced(case, truth)]


def enforced(questions: Questions, config: Config) -> list[tuple[Case, Case]]:
    """What is asked and what is seen of it, for tenants to whom something is refused."""
    truth = Expectations(config)
    return [pair for pair in zip(questions.asked, questions.seen, strict=True) if is_enforced(pair[0], truth)]


def put_to(admin: Client, backend: str, config: Config, pairs: Sequence[tuple[Case, Case]]) -> Compared:
    """The server's answers beside the Python reading's."""
    put, seen = (with_old(admin, half) for half in zip(*pairs, strict=True))
    answers = ask_all(admin, put, TENANT)
    words = tuple(said(case, answer) for case, answer in zip(put, answers, strict=True))
    return compare(backend, config, seen, EngineRun(words, ()), Expectations(config))


def is_enforced(case: Case, truth: Expectations) -> bool:
    owner = truth.tenant(case)
    return owner is None or owner.enforcement is Enforcement.ENFORCE


def wrong(outcomes: Sequence[Outcome]) -> list[str]:
    return [f"{each.case}: {'; '.join(each.problems)}" for each in outcomes if not each.ok]
