"""Findings in, what stands over the picture out: the answer in one line, and how much was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.reach.findings import Findings, Proof
from rayfence.report.picture.connections import tenants
from rayfence.report.picture.words import count

CLAIMS = {
    Proof.RUNS: ("Ray can start and run", "Ray cannot start or run"),
    Proof.ISOLATED: ("nothing else is open", "something else is open"),
    Proof.MINIMAL: ("every rule is needed", "not every rule is needed"),
}


def verdict(findings: Findings) -> str:
    """Whether the proofs hold, in one line."""
    if findings.holds:
        return f"{count(len(findings.asked), 'proof')} hold{'s' if len(findings.asked) == 1 else ''}"
    return f"refuted by {count(len(findings.counterexamples), 'counterexample')}"


def claims(findings: Findings) -> Iterator[tuple[bool, str, int]]:
    """For each proof that was tried: whether it holds, in words, and how many questions it put."""
    refuted = {each.proof for each in findings.counterexamples}
    for proof in Proof:
        if proof in findings.asked or proof in refuted:
            holds = proof not in refuted
            yield holds, CLAIMS[proof][0 if holds else 1], findings.asked.get(proof, 0)


def amounts(findings: Findings) -> str:
    """`3 tenants, 4 namespaces, 12 pods`."""
    there = tenants(findings)
    spaces = sum(len(group.namespaces) for group in there)
    pods = sum(len(group.members) for group in there)
    return f"{count(len(there), 'tenant')}, {count(spaces, 'namespace')}, {count(pods, 'pod')}"
