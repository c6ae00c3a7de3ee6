"""Writes the text above the picture: the result in one line, and how much was checked."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.diagram.connections import tenants
from rayfence.diagram.words import count
from rayfence.reach.findings import Findings, Proof

CLAIMS = {
    Proof.RUNS: ("Ray can start and run", "Ray cannot start or run"),
    Proof.ISOLATED: ("nothing else is open", "something else is open"),
    Proof.MINIMAL: ("every rule is needed", "not every rule is needed"),
}


def verdict(findings: Findings) -> str:
    """Whether the proofs hold, in one line, and how many tenants are not isolated."""
    hold = f"{count(len(findings.asked), 'proof')} hold{'s' if len(findings.asked) == 1 else ''}"
    refuted = f"refuted by {count(len(findings.counterexamples), 'counterexample')}"
    return "; ".join(filter(None, (hold if findings.holds else refuted, not_isolated(findings, named=0))))


def standing(findings: Findings) -> str:
    """`holds`, `careful` where it holds and not for all tenants, or `refuted`: the class of a verdict."""
    return "refuted" if not findings.holds else "careful" if findings.not_isolated else "holds"


def not_isolated(findings: Findings, *, named: int) -> str:
    """`1 of 3 tenants is not isolated: team-c (enforcement is Audit)`, with so many named at most; '' where all are."""
    there = findings.not_isolated
    if not there:
        return ""
    names = [f"{each.tenant} ({each.reason})" for each in there[:named]]
    rest = [f"and {len(there) - named} more"] if named and len(there) > named else []
    sentence = (
        f"{len(there)} of {count(len(findings.tenants), 'tenant')} {'is' if len(there) == 1 else 'are'} not isolated"
    )
    return f"{sentence}: {', '.join(names)}{' ' if rest else ''}{''.join(rest)}" if names else sentence


def claims(findings: Findings) -> Iterator[tuple[str, str, int]]:
    """For each proof that was tried: its standing, the result in words, and how many questions it put."""
    refuted = {each.proof for each in findings.counterexamples}
    for proof in Proof:
        if proof in findings.asked or proof in refuted:
            holds = proof not in refuted
            careful = proof is Proof.ISOLATED and findings.not_isolated
            found = "refuted" if not holds else "careful" if careful else "holds"
            yield found, CLAIMS[proof][0 if holds else 1], findings.asked.get(proof, 0)


def amounts(findings: Findings) -> str:
    """`3 tenants, 4 namespaces, 12 pods`."""
    there = tenants(findings)
    spaces = sum(len(group.namespaces) for group in there)
    pods = sum(len(group.members) for group in there)
    return f"{count(len(there), 'tenant')}, {count(spaces, 'namespace')}, {count(pods, 'pod')}"
