"""`docs/mutation.md`: what is changed, how many mutants were caught, and why no case can catch the others."""

from __future__ import annotations

from rayfence.rules.equivalents import EQUIVALENTS, Equivalent

INTRO = """# Mutation score

`rayfence mutation-test` tests the test cases. It makes one change to the policies, as a slip of the hand or a bad merge
might, runs the cases on the real engine, and stops at the first case that fails. A policy with such a change is a
*mutant*. A mutant that no case catches shows a gap in the test cases.

| what is changed | how |
| --- | --- |
| a comparison, `&&` or `\\|\\|` of an expression | another operator: `==` becomes `!=`, `<` becomes `<=`, and so on |
| a tenant's bound or quota | widened by one unit: a thousandth of a cpu, a byte |
| a rule, a kind, an operation | left out |
| the namespaces of a policy object, if tenants are split over several | one more or less, or many |
| an action | `Enforce` becomes `Audit` |
| init containers, the operator's own containers | not checked |
| a generated NetworkPolicy | opens a direction, every port, to all peers, or to more pods |

A case catches every mutant, except those below. `rayfence mutation-test` lists those separately, each with the reason,
and exits 0 if there are no others.

- *Equivalent*: no object distinguishes the mutant from the policy. The nearest cases run all the same; if one catches
  the mutant, the argument is wrong.
- *Noticed elsewhere*: the change makes a difference that the cases of the sample tenants cannot show. The named test
  catches it.

An entry names the expression and the piece that changes. If the expression changes, the entry is outdated and a test
fails. The list is about rayfence's own expressions, so it is the same for your tenants and your cases. Your cases may
catch more of what is noticed elsewhere."""


def page() -> str:
    """The whole page."""
    equivalent = [each for each in EQUIVALENTS if not each.test]
    elsewhere = [each for each in EQUIVALENTS if each.test]
    parts = [INTRO, SCORE, "## Equivalent", *map(_entry, equivalent), "## Noticed elsewhere", *map(_entry, elsewhere)]
    return "\n\n".join(parts) + "\n"


def _entry(entry: Equivalent) -> str:
    where = f"In `{entry.variable}`" if entry.variable else "In a policy"
    of = f" (of `{entry.where.strip('/')}`)" if entry.where else ""
    change = f", `{entry.was}` becomes `{entry.now}`" if entry.was else ", any change"
    by = f" Noticed by `{entry.test}`." if entry.test else ""
    return f"- {where}{of}{change}: {entry.why}.{by}"


SCORE = """## Measured

With the sample tenants and the cases of this repository:

| policies | mutants | what was run | noticed | noticed elsewhere | equivalent | survived |
| --- | --- | --- | --- | --- | --- | --- |
| Gatekeeper | 555 | all, on gator | 510 | 30 | 15 | 0 |
| ClusterPolicy | 706 | all 17 of what generates, all 4 `Enforce`, on Kyverno | 21 | 0 | 0 | 0 |
| GeneratingPolicy | 39 | all, on Kyverno: what is generated for 95 of the cases differs | 39 | 0 | 0 | 0 |

The run on Gatekeeper took 5 minutes on two cores. When the rules were last rewritten
([0017](decisions/0017-few-steps-for-what-is-fine.md)), four mutants survived. Three are caught now, by cases with a
probe and with huge pages in a container with the autoscaler's name. One is listed below.

All backends have the same expressions, so expressions are changed only in the fastest backend. The rest of the policies
differs. The suite compares which kinds and operations the policies cover, and so catches all 22 dropped operations of
the ValidatingAdmissionPolicies, all 24 of the ValidatingPolicies and the GeneratingPolicy, and all 40 dropped
operations and kinds of the validating ClusterPolicies. No offline engine can evaluate an update there."""
