"""The HTML report of `rayfence reach`: one self-contained page with picture, filters and a table.

Its content security policy allows its own style and script by digest, and nothing else: no other script, style, image
or request.
"""

from __future__ import annotations

import html
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from string import Template
from xml.etree.ElementTree import Element, tostring

from rayfence.diagram import page_parts, svg
from rayfence.diagram.connections import connections
from rayfence.diagram.drawing import draw
from rayfence.diagram.summary import amounts, verdict
from rayfence.reach.findings import Findings


def render(findings: Findings) -> str:
    """The text of an HTML file, the same for the same findings."""
    found = connections(findings)
    style, script = svg.css() + page_file("page.css"), page_file("arrange.js") + page_file("page.js")
    parts = {
        "answer": page_parts.answer(findings),
        "against": page_parts.against(findings, found),
        "tenants": page_parts.tenant_options(findings),
        "ports": page_parts.port_options(found),
        "legend": page_parts.legend(findings, found),
        "notes": page_parts.notes(findings),
        "table": page_parts.table(findings, found),
    }
    drawing = draw(findings, found, whole=True)
    label = f"{svg.TITLE}: {amounts(findings)}; {verdict(findings)}"
    picture = svg.svg(drawing.width, drawing.height, drawing.body, label=label)
    return Template(page_file("page.html")).substitute(
        {name: "".join(map(_html, elements)) for name, elements in parts.items()},
        picture=tostring(picture, encoding="unicode"),
        amounts=html.escape(amounts(findings)),
        policy=html.escape(policy(style, script)),
        style=style,
        script=script,
    )


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy that lets in one style and one script, and stops everything else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def page_file(name: str) -> str:
    """A file of the page, which is shipped with the package."""
    return (files("rayfence.diagram") / "page" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _html(part: Element) -> str:
    return tostring(part, encoding="unicode", method="html")
