"""The page as its readers have it: in a browser, without a network, with a mouse, with a keyboard, on a phone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tools.browser import ADVICE

from rayfence.diagram import html

from .hostile import HOSTILE
from .pages import Opened, found_browser, opened
from .samples import sample, spoilt

pytestmark = pytest.mark.browser

Open = Callable[[str], AbstractContextManager[Opened]]
GOOD, BAD, MANY = html.render(sample(3)), html.render(spoilt(3)), html.render(spoilt(30))
RULE = "team-1/rayfence-operator ingress[0]"


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Open:
    def opening(text: str, **how: object) -> AbstractContextManager[Opened]:
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        return opened(browser, file, **how)

    return opening


@pytest.fixture
def good(open_page: Open) -> Iterator[Page]:
    with open_page(GOOD) as seen:
        yield seen.page


@pytest.fixture
def bad(open_page: Open) -> Iterator[Page]:
    with open_page(BAD) as seen:
        yield seen.page


@pytest.fixture
def many(open_page: Open) -> Iterator[Page]:
    with open_page(MANY) as seen:
        yield seen.page


def line(page: Page, source: str, target: str) -> Locator:
    """The one visible line between two members."""
    return page.locator(f'.line[aria-label^="{source} → {target}\\a"]').filter(visible=True)


def operator_line(page: Page) -> Locator:
    return line(page, "kuberay-operator/kuberay-operator", "team-1/ray-head")


def details(page: Page) -> Locator:
    return page.locator("#details")


def shown_rows(page: Page) -> list[list[str]]:
    """From, to and ports of the rows that the table shows."""
    rows = page.locator("tbody tr").filter(visible=True)
    return [row.locator("td").all_inner_texts()[:3] for row in rows.all()]


def places(page: Page) -> list[list[str | float]]:
    """Where every shape and word of the picture stands in it, to a tenth of a pixel."""
    return page.evaluate(
        """[...document.querySelectorAll("#canvas :is(rect, path:not(.caret), circle, text)")].map((each) => {
          const [box, all] = [each.getBoundingClientRect(), each.ownerSVGElement.getBoundingClientRect()];
          const place = [box.x - all.x, box.y - all.y, box.width, box.height, all.height];
          return [each.tagName, each.getAttribute("class"), ...place.map((n) => Math.round(n * 10) / 10)];
        }).filter((place) => place[4] + place[5] > 0)"""
    )


# Loading


@pytest.mark.parametrize("text", [GOOD, BAD, MANY, html.render(HOSTILE)], ids=["3", "refuted", "30", "hostile"])
def test_it_loads_without_a_network_and_without_a_complaint(open_page, text):
    with open_page(text) as seen:
        seen.page.wait_for_load_state("networkidle")

        assert [] == seen.complaints


def breaking(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            breaking("function filter() {", "function filter( {"), "Content Security Policy", id="edited script"
        ),
        pytest.param(
            breaking("script-src &#x27;sha256-", "script-src &#x27;sha256-X"),
            "script-src",
            id="policy of another script",
        ),
        pytest.param(breaking('class="box"', 'class="bax"'), "exception: ", id="markup the script does not know"),
        pytest.param(breaking("<main>", '<main><img src="https://example.org/a.png">'), "img-src", id="an image"),
        pytest.param(
            breaking("<main>", "<main><script>document.title = 'x'</script>"), "script-src", id="another script"
        ),
        pytest.param(
            breaking("<main>", '<main onclick="1">').replace("<h1>", "<h1 style='color:red'>"), "style", id="style"
        ),
    ],
)
def test_a_broken_page_is_complained_of(open_page, text, complaint):
    with open_page(text) as seen:
        seen.page.wait_for_load_state("networkidle")

        assert any(complaint in each for each in seen.complaints)


def test_a_request_is_seen_where_nothing_forbids_it(open_page):
    policy = 'http-equiv="Content-Security-Policy"'
    with open_page(breaking("<main>", '<main><img src="https://example.org/a.png">').replace(policy, "")) as seen:
        seen.page.wait_for_load_state("networkidle")

        assert "request: https://example.org/a.png" in seen.complaints


def test_no_browser_is_a_failure_that_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tools.browser.MAC", str(tmp_path / "none"))

    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium") as failed:
        found_browser()
    assert ADVICE == str(failed.value)


# The mouse


def test_pointing_at_a_line_shows_the_rule_that_allows_it(good):
    operator_line(good).hover()

    expect(details(good).locator("h2")).to_have_text("kuberay-operator/kuberay-operator → team-1/ray-head")
    assert [RULE] == details(good).locator("code").all_inner_texts()
    assert ["TCP 8265", "TCP 8000"] == details(good).locator(".port").all_inner_texts()


def test_a_line_that_is_looked_at_stands_out_alone(good):
    operator_line(good).hover()

    assert 1 == good.locator(".line.lit").filter(visible=True).count()
    expect(line(good, "team-1/ray-head", "kube-apiserver")).to_have_css("opacity", "0.14")


def test_a_click_keeps_a_line_until_escape(good):
    operator_line(good).click()
    line(good, "team-1/ray-head", "kube-apiserver").hover()
    kept = details(good).locator("code").all_inner_texts()
    good.keyboard.press("Escape")

    assert [RULE] == kept
    expect(good.locator(".picture.looking")).to_have_count(0)


def test_a_pod_shows_all_that_goes_in_and_out(good):
    good.locator('.pod[aria-label^="team-1/submitter,"]').hover()

    headings = details(good).locator("h3").all_inner_texts()
    assert ["team-1/submitter → kube-system/coredns", "team-1/submitter → team-1/ray-head"] == headings


def test_a_stranger_shows_that_nothing_goes_in_or_out(good):
    good.locator('.rail[aria-label^="elsewhere/stranger"]').hover()

    expect(details(good)).to_contain_text("There are no connections here.")


# The keyboard


def test_the_picture_is_one_stop_for_tab_and_arrows_go_on(good):
    good.locator("#fold").focus()
    good.keyboard.press("Tab")
    first = good.locator(":focus").get_attribute("aria-label")
    good.keyboard.press("ArrowDown")

    assert first.startswith("tenant team-1: ")
    assert 1 == good.locator('#canvas [tabindex="0"]').count()
    assert good.locator(":focus").get_attribute("aria-label").startswith("team-1/ray-head ⇄ team-1/ray-workers\n")


def test_arrows_pass_what_is_folded(many):
    many.locator('.header[aria-label^="tenant team-29:"]').focus()
    passed = []
    for _ in range(7):
        many.keyboard.press("ArrowDown")
        passed.append(many.locator(":focus").get_attribute("aria-label").split("\n")[0])

    assert [
        "kuberay-operator/kuberay-operator → team-29/ray-head",
        "monitoring/prometheus → 2 pods",
        "team-29/ray-head → kube-apiserver",
        "4 pods → kube-system/coredns",
        "tenant team-30: 2 namespaces, 8 pods, 12 connections inside",
    ] == passed[:5]


def test_a_line_in_focus_shows_its_rule_and_enter_keeps_it(good):
    operator_line(good).focus()
    rule = details(good).locator("code").all_inner_texts()
    good.keyboard.press("Enter")

    assert [RULE] == rule
    expect(operator_line(good)).to_have_attribute("aria-pressed", "true")


def test_enter_folds_and_opens_a_tenant(good):
    header = good.locator(".tenant .header").first
    header.focus()
    good.keyboard.press("Enter")
    folded = header.get_attribute("aria-expanded"), good.locator(".tenant").first.locator(".pod").first.is_visible()
    good.keyboard.press("Enter")

    assert ("false", False) == folded
    expect(good.locator(".tenant").first.locator(".pod").first).to_be_visible()


def test_everything_that_answers_has_a_name_and_a_role(many):
    nameless = "each => !each.getAttribute('aria-label') || each.getAttribute('role') !== 'button'"

    assert 0 == many.evaluate(f"[...document.querySelectorAll('#canvas [tabindex]')].filter({nameless}).length")


# Filters


def test_the_tenant_filter_leaves_that_tenant(many):
    many.select_option("#tenant", label="team-7")

    assert ["team-7"] == many.locator(".tenant .header .name").filter(visible=True).all_text_contents()
    assert {"team-7"} == {end.split("/")[0] for row in shown_rows(many) for end in row[:2] if end.startswith("team-")}
    expect(many.locator("#shown")).to_have_text(f"{len(shown_rows(many))} of 633 connections")


def test_the_tenant_filter_leaves_who_a_line_leads_to(bad):
    bad.select_option("#tenant", label="team-2")

    assert ["team-1", "team-2"] == bad.locator(".tenant .header .name").filter(visible=True).all_text_contents()


def test_the_port_filter_leaves_lines_that_open_the_port(good):
    good.select_option("#port", label="TCP 9000-9010")

    ports = [ports for source, _, ports in shown_rows(good) if source == "team-2/ray-workers"]

    assert ["all ports", "TCP 443 TCP 9000-9010"] == ports
    assert 0 == operator_line(good).count()


def test_both_filters_hold_together_and_let_go(good):
    good.select_option("#tenant", label="team-1")
    good.select_option("#port", label="TCP 8080")
    both = shown_rows(good)
    good.select_option("#tenant", label="all")
    good.select_option("#port", label="any")

    assert ["TCP 8080", "all ports", "TCP 8080", "all ports"] == [ports for _, _, ports in both]
    assert 54 == len(shown_rows(good))


@pytest.mark.parametrize(
    ("port", "wanted", "covered"),
    [
        ("TCP 8265", "TCP 8265", True),
        ("TCP 8265", "TCP 826", False),
        ("all ports", "UDP 53", True),
        ("all TCP ports", "TCP 53", True),
        ("all TCP ports", "UDP 53", False),
        ("TCP 9000-9010", "TCP 9010", True),
        ("TCP 9000-9010", "TCP 9011", False),
        ("TCP 9000-9010", "UDP 9005", False),
    ],
)
def test_a_port_is_covered_by_ranges_and_by_everything(good, port, wanted, covered):
    assert covered is good.evaluate("([port, wanted]) => covers(port, wanted)", [port, wanted])


# What is refuted, and many tenants


def test_a_counterexample_leads_to_its_line(bad):
    bad.locator(".against button").first.click()

    expect(details(bad)).to_contain_text("open, and must not be")
    expect(bad.locator(".crossing.hole.lit .mark")).to_be_visible()


def test_a_counterexample_is_a_line_with_a_sign_and_no_colour_is_needed(bad):
    signs = bad.locator("#canvas :is(.line.hole, .line.missing) .sign").filter(visible=True)

    assert ["!", "✕", "!"] == signs.all_text_contents()


def test_many_tenants_are_folded_but_for_those_with_something_wrong(many):
    opened = many.locator(".tenant.open .header .name").all_text_contents()

    assert ["team-1", "team-2", "team-3"] == opened
    assert 30 == many.locator(".tenant .header").filter(visible=True).count()
    assert 0 == many.locator(".tenant:not(.open) .pod").filter(visible=True).count()


def test_boxes_never_overlap_whatever_is_open(many):
    for button in ("#unfold", "#fold"):
        many.locator(button).click()
        boxes = [box.bounding_box() for box in many.locator(".tenant > .box").all()]

        assert all(above["y"] + above["height"] < below["y"] for above, below in itertools.pairwise(boxes))


def test_the_program_arranges_everything_where_python_had_put_it(open_page):
    """Both know how boxes are stacked, rails stretched and crossings bent; here they say the same."""
    without = breaking("start();\n", "", BAD)
    with open_page(without) as seen:
        drawn = places(seen.page)
    with open_page(BAD) as seen:
        arranged = places(seen.page)

    assert 200 < len(drawn)
    assert drawn == arranged


@pytest.mark.parametrize("width", [400, 1440])
def test_the_page_is_never_wider_than_the_window(open_page, width):
    with open_page(BAD, width=width) as seen:
        assert width >= seen.page.evaluate("document.documentElement.scrollWidth")


def test_the_button_turns_light_into_dark_and_back(open_page):
    with open_page(GOOD, scheme="dark") as seen:
        colours = []
        for _ in range(3):
            colours.append(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            seen.page.locator("#theme").click()

    assert ["rgb(15, 20, 27)", "rgb(245, 247, 250)", "rgb(15, 20, 27)"] == colours


# Untrusted text


def test_hostile_names_are_words_and_nothing_else(open_page):
    with open_page(html.render(HOSTILE)) as seen:
        for stop in seen.page.locator("#canvas .line").filter(visible=True).all():
            stop.focus()
        marks = seen.page.evaluate(
            "[window.hacked, document.images.length, document.scripts.length, document.links.length]"
        )

        assert ([None, 0, 1, 1], []) == (marks, seen.complaints)
