"""Our program around Cyclonus: what it does not understand it refuses, and where Cyclonus is wrong is known."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import product
from random import Random

import pytest

from rayfence.gotool import CYCLONUS, find
from rayfence.reach.policies import selects
from rayfence.reach.topology import Address, Flow, Pod, Topology

from .cyclonus import Said, answered, judged, objects, question
from .differ import decided
from .samples import API_SERVER, EVERYONE, HEAD, INTERNET, NAMESPACES, OTHER, WORKER, from_, policy, to

pytestmark = pytest.mark.engine

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ray-a"}}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"namespace": "ray-a", "name": "head"},
    "status": {"podIP": "10.1.0.1"},
}
QUESTION = {"from": "192.0.2.1", "to": "ray-a/head", "port": 1, "protocol": "TCP"}
SELECTOR = {"matchLabels": {"app": "ray"}}


def both(flow, *policies):
    """What rayfence says, then Cyclonus."""
    topology = Topology(NAMESPACES, EVERYONE, policies)
    return decided(topology, [flow])[0], judged([(topology, [flow])])[0][0]


def asked(tmp_path, objects, questions, name="model.json"):
    """What the program does with them: its exit code and both streams."""
    model = tmp_path / name
    model.write_text("\n---\n".join(each if isinstance(each, str) else json.dumps(each) for each in objects))
    lines = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in questions)
    command = [find(CYCLONUS, print).path, "flows", model]
    return subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False)


def test_it_says_which_cyclonus_it_is_made_of():
    said = subprocess.run([find(CYCLONUS, print).path, "version"], capture_output=True, text=True, check=True).stdout

    assert f"cyclonus v{CYCLONUS.version}\n" == said


def test_yaml_is_read_as_well_as_json(tmp_path):
    written = """\
# The namespace's pods are closed.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ray-a, name: closed}
spec:
  podSelector: {}
"""
    done = asked(tmp_path, [NAMESPACE, POD, written], [QUESTION, {**QUESTION, "from": "ray-a/head", "to": "192.0.2.1"}])

    assert [
        {"allowed": False, "egress": True, "ingress": False},
        {"allowed": True, "egress": True, "ingress": True},
    ] == [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        pytest.param([{**policy(), "spce": {}}], 'unknown field "spce"', id="an unknown field"),
        pytest.param([policy(ingres=[])], 'unknown field "ingres"', id="an unknown field of a spec"),
        pytest.param([{**policy(), "kind": "NetworkPolicies"}], "is no Namespace, Pod or NetworkPolicy", id="a kind"),
        pytest.param([{**policy(), "apiVersion": "v1"}], "is no Namespace, Pod or NetworkPolicy", id="a version"),
        pytest.param(['{"apiVersion": "v1", "kind": "Pod", "kind": "Pod"}'], "already set", id="a field twice"),
        pytest.param([policy(policyTypes="Ingress")], "cannot unmarshal string", id="a text for a list"),
        pytest.param([POD], "pod ray-a/head is there twice", id="a pod twice"),
        pytest.param(
            [{**POD, "metadata": {"namespace": "x", "name": "x"}}], "without its namespace", id="no namespace"
        ),
        pytest.param(
            [{**POD, "metadata": {"namespace": "ray-a", "name": "x"}, "status": {}}], "or an address", id="no address"
        ),
        pytest.param([from_({"ipBlock": {"cidr": "10.1.0.0"}})], "unable to parse CIDR", id="no CIDR"),
        pytest.param([from_(ports=[{"port": 2, "endPort": 1}])], "end port < start port", id="an empty range"),
        pytest.param([from_(ports=[{"endPort": 1}])], "start port is nil", id="half a range"),
    ],
)
def test_a_model_it_does_not_understand_gets_no_answers(tmp_path, objects, why):
    done = asked(tmp_path, [NAMESPACE, POD, *objects], [QUESTION])

    assert (2, "") == (done.returncode, done.stdout)
    assert why in done.stderr


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        pytest.param({"from": "ray-a/nobody"}, "is not between pods of the model or addresses", id="a pod"),
        pytest.param({"to": "ray-a"}, "is not between pods of the model or addresses", id="a name that is no pod's"),
        pytest.param({"port": 0}, "without port or protocol", id="no port"),
        pytest.param({"protocol": ""}, "without port or protocol", id="no protocol"),
        pytest.param({"model": 1}, "there is no model 1", id="a model"),
        pytest.param({"prot": "UDP"}, 'unknown field "prot"', id="an unknown field"),
        pytest.param({"port": "80"}, "cannot unmarshal string", id="a text for a number"),
    ],
)
def test_a_question_it_does_not_understand_ends_all_of_them_without_answers(tmp_path, wrong, why):
    done = asked(tmp_path, [NAMESPACE, POD], [QUESTION, {**QUESTION, **wrong}])

    assert (2, "") == (done.returncode, done.stdout)
    assert why in done.stderr
    assert "question 1: " in done.stderr


def test_a_failure_is_an_error_here_too():
    with pytest.raises(AssertionError, match="unable to parse CIDR"):
        judged([(Topology(NAMESPACES, EVERYONE, [from_({"ipBlock": {"cidr": "no"}})]), [Flow(OTHER, HEAD, 1)])])


def test_models_are_told_apart():
    flow = Flow(OTHER, HEAD, 1)
    closed, open_ = (Topology(NAMESPACES, EVERYONE, each) for each in ([policy()], []))

    assert [[Said(True, False)], [Said(True, True)]] == judged([(closed, [flow]), (open_, [flow])])


@pytest.mark.parametrize(
    ("flow", "rules", "said"),
    [
        pytest.param(Flow(OTHER, HEAD, 1), [policy()], Said(True, False), id="policyTypes left out: ingress"),
        pytest.param(
            Flow(HEAD, OTHER, 1), [policy(egress=[{"ports": [{"port": 2}]}])], Said(False, True), id="and egress"
        ),
        pytest.param(Flow(HEAD, OTHER, 1), [policy(egress=[])], Said(True, True), id="but not without rules"),
        pytest.param(
            Flow(OTHER, HEAD, 53, "UDP"),
            [from_(ports=[{"port": "dns", "protocol": "UDP"}])],
            Said(True, True),
            id="a name of UDP",
        ),
        pytest.param(Flow(OTHER, HEAD, 53), [from_(ports=[{"port": "dns"}])], Said(True, False), id="not of TCP"),
        pytest.param(
            Flow(HEAD, WORKER, 9999), [to(ports=[{"port": "dashboard"}])], Said(True, True), id="the target's name"
        ),
        pytest.param(
            Flow(OTHER, HEAD, 1),
            [from_({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ray-b"}}})],
            Said(True, True),
            id="a namespace's own name, whatever it says",
        ),
        pytest.param(
            Flow(HEAD, API_SERVER, 6443),
            [to({"ipBlock": {"cidr": "192.0.2.0/24"}})],
            Said(True, True),
            id="an address outside",
        ),
        pytest.param(Flow(INTERNET, HEAD, 1), [from_({"namespaceSelector": {}})], Said(True, False), id="is no pod"),
    ],
)
def test_both_say(flow, rules, said):
    assert (said, said) == both(flow, *rules)


def test_a_port_with_two_names_is_known_by_both():
    two = Pod("ray-a", "two", "10.1.0.9", {}, {"one": 80, "other": 80})
    topologies = [
        Topology(NAMESPACES, [two, OTHER], [from_(ports=[{"port": name}])]) for name in ("one", "other", "third")
    ]
    flow = [Flow(OTHER, two, 80)]

    assert [True, True, False] == [said[0].allowed for said in judged([(each, flow) for each in topologies])]
    assert [True, True, False] == [decided(each, flow)[0].allowed for each in topologies]


def test_every_object_of_a_topology_is_handed_over():
    kinds = [each["kind"] for each in objects(Topology({"ray-a": {}}, EVERYONE, [policy()]))]

    # Two of three namespaces are known by their pods alone.
    assert 3 * ["Namespace"] + 5 * ["Pod"] + ["NetworkPolicy"] == kinds
    assert "192.0.2.10" == question(0, Flow(Address("api-server", "192.0.2.10"), HEAD, 1))["from"]


# Where Cyclonus is wrong. None of these is drawn in `drawing`, and none is compared.


@pytest.mark.parametrize(
    ("selector", "labels", "kubernetes"),
    [
        pytest.param(
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]}, {}, True, id="NotIn, missing"
        ),
        pytest.param({"matchLabels": {"app": ""}}, {"role": "head"}, False, id="an empty value, missing"),
    ],
)
def test_cyclonus_reads_this_selector_otherwise_than_kubernetes_and_rayfence(selector, labels, kubernetes):
    (said,) = answered(["selectors"], [{"selector": selector, "labels": labels}])

    assert {"cyclonus": not kubernetes, "kubernetes": kubernetes} == said
    assert kubernetes == selects(selector, labels)


def test_cyclonus_may_stop_a_pod_on_its_way_to_itself():
    ours, theirs = both(Flow(HEAD, HEAD, 1), policy(policyTypes=["Ingress", "Egress"]))

    assert (Said(True, True), Said(False, False)) == (ours, theirs)


# Selectors are compared with Kubernetes' own code as well, and there nothing is left out.

LABELS = [
    dict(pairs) for count in range(3) for pairs in product([(k, v) for k in "ab" for v in ("", "x", "y")], repeat=count)
]
OPERATORS = {"In": (1, 2), "NotIn": (1, 2), "Exists": (0, 0), "DoesNotExist": (0, 0)}


def drawn_selector(draw):
    expressions = [
        {
            "key": draw.choice("abc"),
            "operator": operator,
            "values": draw.sample(["", "x", "y"], draw.randint(*OPERATORS[operator])),
        }
        for operator in draw.choices(list(OPERATORS), k=draw.randint(0, 2))
    ]
    return {
        "matchLabels": {key: draw.choice(["", "x", "y"]) for key in draw.sample("abc", draw.randint(0, 2))},
        "matchExpressions": expressions,
    }


def test_rayfence_reads_every_selector_as_kubernetes_does():
    draw = Random(0)
    questions = [{"selector": drawn_selector(draw), "labels": draw.choice(LABELS)} for _ in range(5000)]
    kubernetes = [each["kubernetes"] for each in answered(["selectors"], questions)]
    found = [each for each, said in zip(questions, kubernetes, strict=True) if said != selects(**each)]

    assert [] == found[:3]
    assert 1000 < sum(kubernetes) < 4000


def test_what_kubernetes_does_not_take_for_a_selector_is_an_error():
    with pytest.raises(AssertionError, match=re.escape('"Near" is not a valid label selector operator')):
        answered(["selectors"], [{"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}, "labels": {}}])
