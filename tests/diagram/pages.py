"""Pages in a real browser that has no network: how they are opened, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from tools.browser import ADVICE, find

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIETER = ["--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"]


def found_browser() -> Path:
    """The browser of this machine; a test that needs one fails where there is none."""
    return find() or pytest.fail(ADVICE)


@contextmanager
def started_browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found_browser(), args=[*QUIET, *QUIETER])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page, with all it said and asked for since it began to load."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        """What went wrong: console messages, exceptions, and requests for anything but the page."""
        started = self.page.locator("#canvas .picture.live").count() == 1
        return [*self.said, *self.asked[1:], *([] if started else ["the page's program did not run"])]


@contextmanager
def opened(browser: Browser, file: Path, *, scheme: str = "light", width: int = 1440) -> Iterator[Opened]:
    """The page of a file, in a context of its own that is offline."""
    context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    seen = Opened(context.new_page())
    seen.page.set_default_timeout(5000)
    seen.page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.said.append(f"exception: {error}"))
    seen.page.on("request", lambda request: seen.asked.append(_name(request)))
    seen.page.goto(file.as_uri())
    yield seen
    context.close()


def _name(request: Request) -> str:
    return f"request: {request.url[:120]}"
