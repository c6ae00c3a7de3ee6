"""The name server's answers."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rcode
from dataplane.nameserver import answer

NAMES = {dns.name.from_text("head.ray.svc.cluster.local"): "10.0.0.1"}


def asked(name: str, kind: str = "A") -> tuple[str, list[str]]:
    """The code and the addresses of an answer."""
    response = dns.message.from_wire(answer(dns.message.make_query(name, kind).to_wire(), NAMES))
    return dns.rcode.to_text(response.rcode()), [str(item) for each in response.answer for item in each]


def test_a_name_has_its_address():
    assert ("NOERROR", ["10.0.0.1"]) == asked("Head.ray.svc.cluster.local")


def test_it_has_no_address_of_another_kind():
    assert ("NOERROR", []) == asked("head.ray.svc.cluster.local", "AAAA")


def test_another_name_is_unknown():
    assert ("NXDOMAIN", []) == asked("head.ray.svc.cluster.local.ray.svc.cluster.local")
