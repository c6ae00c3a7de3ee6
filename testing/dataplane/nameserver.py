"""The cluster's DNS: names and addresses as arguments, `name=ip`, answers over UDP on port 53, until it is ended."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset


def main() -> None:
    """Answer whoever asks."""
    names = {dns.name.from_text(name): ip for name, ip in (word.split("=") for word in sys.argv[1:])}
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.bind(("0.0.0.0", 53))
        while True:
            wire, asker = own.recvfrom(4096)
            try:
                own.sendto(answer(wire, names), asker)
            except dns.exception.DNSException:
                continue  # no question


def answer(wire: bytes, names: Mapping[dns.name.Name, str]) -> bytes:
    """A question in, its answer out: the address, nothing of other types, or that there is no such name."""
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query)
    for question in query.question:
        ip = names.get(question.name.canonicalize())
        if ip is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(question.name, 5, "IN", "A", ip))
    return response.to_wire()


if __name__ == "__main__":
    main()
