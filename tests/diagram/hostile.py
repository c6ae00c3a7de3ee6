"""Findings whose every name, rule, port and line wants to be markup, a script or the end of one."""

from __future__ import annotations

from rayfence.reach.findings import Counterexample, Edge, Findings, Group, GroupKind, Member, Proof, Role

WORDS = (
    "</script><script>window.hacked=1</script>",
    "<img src=https://example.org/x onerror=window.hacked=1>",
    "\"><svg onload=window.hacked=1>'",
    "]]></title></style></textarea><!--",
    "&lt;b&gt; &amp;amp; $policy ${script} %s {0}",
    "\x00\x1b[31m\u202egnp.exe\u2066\ud800\ufffe",
    "javascript:window.hacked=1//\u2028\u2029",
    "名前" * 40,
)


def _member(number: int, word: str, role: Role) -> Member:
    return Member(f"{word}/{number}", word, word, role)


_PODS = [_member(number, word, Role.HEAD) for number, word in enumerate(WORDS)]
_SERVICES = [_member(100 + number, word, Role.OPERATOR) for number, word in enumerate(WORDS)]
_STRANGERS = [_member(200 + number, word, Role.STRANGER) for number, word in enumerate(WORDS)]

HOSTILE = Findings(
    groups=(
        *(Group(word, GroupKind.TENANT, (word,), (pod,)) for word, pod in zip(WORDS, _PODS, strict=True)),
        Group(WORDS[0], GroupKind.PLATFORM, WORDS, tuple(_SERVICES)),
        Group(WORDS[1], GroupKind.OUTSIDE, WORDS, tuple(_STRANGERS)),
    ),
    edges=tuple(
        Edge(source.id, target.id, (word,), (word, *WORDS), named_by_config=False)
        for ends in ((_SERVICES, _PODS), (_STRANGERS, _PODS), (_PODS, _PODS[1:]))
        for source, target, word in zip(*ends, WORDS, strict=False)
    ),
    counterexamples=tuple(
        Counterexample(proof, word, source.id, pod.id, word)
        for proof, sources in ((Proof.ISOLATED, _STRANGERS), (Proof.RUNS, _SERVICES[1:]))
        for source, pod, word in zip(sources, _PODS, WORDS, strict=False)
    ),
    notes=WORDS,
)
