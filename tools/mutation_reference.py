"""`docs/mutation.md`: what is broken on purpose, what noticed it, and each mutant that no case can notice, with why."""

from __future__ import annotations

from rayfence.mutation import EQUIVALENTS, Equivalent

INTRO = """# Mutation score

`rayfence mutation-test` asks of the test cases what the test cases ask of the policies: would they notice? It writes
the policies anew with one thing wrong, as a slip of the hand or a bad merge might leave them, runs the cases on the
real engine, and stops at the first that comes out otherwise.

| what is changed | how |
| --- | --- |
| a comparison, `&&` or `\\|\\|` of an expression | the other one: `==` becomes `!=`, `<` becomes `<=`, and so on |
| a tenant's bound or quota | one unit further open: a thousandth of a cpu, a byte |
| a rule, a kind, an operation | left out |
| the namespaces that a policy object is asked about, where a table is cut | one more or less, or many |
| an action | `Enforce` becomes `Audit` |
| init containers, the operator's own containers | left out of what is looked at |
| a NetworkPolicy that is generated | opens a direction, every port, to everybody, or to more pods |

Every mutant is noticed by a case, or stands below. `rayfence mutation-test` lists those apart, each with the reason,
and ends with exit code 0 if there are no others. What is *equivalent* no object can tell from the policy it was made
of. What is *noticed elsewhere* makes a difference that the cases of the sample tenants cannot show, and the test named
beside it does. A mutant that is listed as equivalent is tried on the nearest cases all the same; if it is noticed, the
argument is wrong. An entry names the expression and the piece that changes, so that it goes stale with the expression,
and then a test turns red. The list is about rayfence's own expressions: with your tenants and your cases it says the
same, and more of what is noticed elsewhere may be noticed by cases."""


def page() -> str:
    """The whole page."""
    equivalent = [each for each in EQUIVALENTS if not each.test]
    elsewhere = [each for each in EQUIVALENTS if each.test]
    parts = [INTRO, SCORE, "## Equivalent", *map(_entry, equivalent), "## Noticed elsewhere", *map(_entry, elsewhere)]
    return "\n\n".join(parts) + "\n"


def _entry(entry: Equivalent) -> str:
    where = f"In `{entry.variable}`" if entry.variable else "In a policy"
    of = f" (of `{entry.where.strip('/')}`)" if entry.where else ""
    change = f", `{entry.was}` becomes `{entry.now}`" if entry.was else ", whatever changes"
    by = f" Noticed by `{entry.test}`." if entry.test else ""
    return f"- {where}{of}{change}: {entry.why}.{by}"


SCORE = """## Measured

With the sample tenants and the cases of this repository:

| policies | mutants | what was run | noticed | noticed elsewhere | equivalent | survived |
| --- | --- | --- | --- | --- | --- | --- |
| Gatekeeper | 555 | all, on gator | 510 | 30 | 15 | 0 |
| ClusterPolicy | 706 | all 17 of what generates, all 4 `Enforce`, on Kyverno | 21 | 0 | 0 | 0 |
| GeneratingPolicy | 39 | all, on Kyverno: what is generated for 95 of the cases differs | 39 | 0 | 0 | 0 |

Gatekeeper's took 5 minutes on two cores. When the rules were last written anew
([0017](decisions/0017-few-steps-for-what-is-fine.md)) four survived: three are noticed since, by a probe and by huge
pages that somebody asks for in the autoscaler's name, and one is listed below.

The text of the expressions is the same in every backend, so they are broken in one of them, the fastest. What differs
are the envelopes: all 22 dropped operations of the ValidatingAdmissionPolicies, all 24 of the ValidatingPolicies and
the GeneratingPolicy, and all 40 dropped operations and kinds of the ClusterPolicies that judge are noticed by the
suite's own look at what policies say they look at. No offline engine can be asked about an update there."""
