"""The page as text: what its policy lets in, what is escaped, what a reader without a mouse or eyes is given."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from rayfence.diagram import html, svg
from rayfence.diagram.connections import connections
from rayfence.model.outcome import visible

from .hostile import HOSTILE, WORDS
from .samples import sample, spoilt


class Reader(HTMLParser):
    """A page as a browser's parser takes it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"td", "code", "em", "option", "style", "script"}:
            self.texts.append((tag, ""))

    def handle_data(self, data):
        if self.texts:
            tag, text = self.texts[-1]
            self.texts[-1] = (tag, text + data)

    def handle_endtag(self, tag):
        self.texts.append(("", ""))

    def words(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    def attribute(self, tag: str, key: str) -> list[str | None]:
        return [attrs[key] for name, attrs in self.tags if name == tag and key in attrs]


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("findings", [sample(3), spoilt(30), HOSTILE], ids=["3", "30", "hostile"])
def test_the_policy_lets_in_the_style_and_the_script_of_the_page_and_nothing_else(findings):
    page = Reader(html.render(findings))
    (style,), (script,), (policy, *_) = page.words("style"), page.words("script"), page.attribute("meta", "content")

    assert [
        "default-src 'none'",
        f"style-src {digest(style)}",
        f"script-src {digest(script)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ] == policy.split("; ")


def test_the_policy_comes_before_anything_it_could_miss():
    tags = [tag for tag, _ in Reader(html.render(sample(3))).tags]

    assert ["html", "head", "meta", "meta"] == tags[:4]


@pytest.mark.parametrize("findings", [sample(3), spoilt(30), HOSTILE], ids=["3", "30", "hostile"])
def test_nothing_is_fetched_and_nothing_runs_from_an_attribute(findings):
    page = Reader(html.render(findings))
    references = {
        value for _, attrs in page.tags for key, value in attrs.items() if key in {"href", "src", "xlink:href"}
    }

    assert {"#connections"} == references
    assert [] == [key for _, attrs in page.tags for key in attrs if key.startswith("on") or key == "style"]
    assert [] == re.findall(r"url\(|@import", svg.css() + html.page_file("page.css"))


def test_the_program_of_the_page_writes_text_and_never_markup():
    assert [] == re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|fetch\(|XMLHttp|import\(",
        html.page_file("arrange.js") + html.page_file("page.js"),
    )


def test_hostile_words_are_text_in_every_place():
    page = Reader(html.render(HOSTILE))

    assert ["all", *map(visible, WORDS)] == page.words("option")[: len(WORDS) + 1]
    assert set(map(visible, WORDS)) == set(page.words("code")) == set(page.words("em"))
    assert {"html", "head", "body", "script", "style"} <= {tag for tag, _ in page.tags}
    assert set() == {tag for tag, _ in page.tags} & {"img", "textarea", "b", "iframe", "object", "link"}
    assert 1 == len(page.words("script"))


def test_the_page_can_be_written_as_utf_8():
    assert html.render(HOSTILE).encode("utf-8")


def test_the_table_has_every_connection_what_is_wrong_first():
    numbers = Reader(html.render(spoilt(3))).attribute("tr", "data-number")

    assert {str(each.number) for each in connections(spoilt(3))} == set(numbers)
    assert ["hole", "hole", "missing", "unasked", ""] == Reader(html.render(spoilt(3))).attribute("tr", "class")[:5]


def test_a_counterexample_that_the_picture_shows_is_a_button_and_another_is_not():
    page = Reader(html.render(spoilt(3)))

    assert 3 == len(page.attribute("button", "data-numbers"))
    assert "minimal: nothing needs team-1/rayfence-extra egress[0]" in html.render(spoilt(3))


def test_the_ports_to_choose_from_are_all_there_are_by_number():
    options = Reader(html.render(sample(3))).words("option")
    expected = (
        "any|all ports|TCP 53|UDP 53|TCP 443|TCP 6379|TCP 6443|TCP 8000|TCP 8080|TCP 8265|TCP 9000-9010|TCP 10001"
    )

    assert expected.split("|") == options[4:]


# Contrast, as WCAG 2.2 reckons it


def colours() -> dict[str, tuple[str, str]]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", svg.css())
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


WORDS_ON = [
    *(("ink", ground) for ground in ("canvas", "surface", "sunken", "bad-soft", "rail", "outside")),
    *(("quiet", ground) for ground in ("canvas", "surface", "sunken")),
    *(("bad", ground) for ground in ("canvas", "surface", "bad-soft")),
    *(("unasked", "surface"), ("good", "canvas"), ("surface", "good"), ("on-bad", "bad")),
    *(("rail-ink", "rail"), ("outside-ink", "outside")),
]
SHAPES_ON = [
    *((shape, ground) for shape in ("line", "unasked", "bad") for ground in ("canvas", "surface", "sunken")),
    *(("focus", "surface"), ("focus", "canvas")),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("pair", "least"),
    [*((pair, 4.5) for pair in WORDS_ON), *((pair, 3.0) for pair in SHAPES_ON)],
    ids=lambda value: "-on-".join(value) if isinstance(value, tuple) else str(value),
)
def test_words_and_lines_can_be_read_on_their_ground(pair, least, scheme):
    front, ground = (colours()[name][scheme] for name in pair)

    assert least <= contrast(front, ground)


def test_contrast_is_reckoned_as_the_guideline_says():
    assert (21.0, 1.0) == (round(contrast("#ffffff", "#000000"), 2), round(contrast("#777777", "#777777"), 2))
    assert 4.48 == round(contrast("#777777", "#ffffff"), 2)
