"""A hook of MkDocs: what lies outside `docs/` gets into the site, and links keep working there.

GitHub shows the whole repository, MkDocs only `docs/`. Every page links to files as GitHub wants it. Whatever a page
links to outside of `docs/` is copied into the site below `repository/`, Markdown as a page and anything else as it is,
and the link then leads there. A link to a file that does not exist leads nowhere, so `mkdocs build --strict` fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

FOLDER = "docs"
OUTSIDE = "repository"
MORE = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
"""Pages outside of `docs/` that have their place in the navigation."""

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)(#[^)\s]*)?(?=\))")


def in_repository(uri: str) -> str:
    """Where a file of the site lies in the repository."""
    path = PurePosixPath(uri)
    return str(path.relative_to(OUTSIDE)) if path.is_relative_to(OUTSIDE) else f"{FOLDER}/{uri}"


def in_site(path: str) -> str:
    """Where a file of the repository lies in the site."""
    given = PurePosixPath(path)
    return str(given.relative_to(FOLDER)) if given.is_relative_to(FOLDER) else f"{OUTSIDE}/{path}"


def target_of(link: str, page: str) -> str:
    """The file of the repository that a link of a page leads to."""
    return os.path.normpath(PurePosixPath(page).parent / link)


def linked(text: str, page: str) -> Iterable[str]:
    """The files of the repository that a page of it links to."""
    return (target_of(match[1], page) for match in _LINK.finditer(text))


def rewritten(text: str, page: str) -> str:
    """The text of a page of the repository with links that are right in the site."""

    def one(match: re.Match[str]) -> str:
        target = in_site(target_of(match[1], page))
        return os.path.relpath(target, PurePosixPath(in_site(page)).parent) + (match[2] or "")

    return _LINK.sub(one, text)


def on_files(files: Files, config: Any) -> Files:
    """Add what pages link to outside of `docs/`, and what those pages link to in turn."""
    top = Path(config["config_file_path"]).parent
    known = {in_repository(file.src_uri) for file in files}
    waiting = [*sorted(path for path in known if path.endswith(".md")), *MORE]
    while waiting:
        path = waiting.pop()
        if path not in known:
            files.append(File.generated(config, in_site(path), abs_src_path=str(top / path)))
            known.add(path)
        if path.endswith(".md"):
            found = linked((top / path).read_text(encoding="utf-8"), path)
            waiting += sorted({each for each in found if each not in known and (top / each).is_file()})
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Let links of a page lead where their targets are in the site."""
    return rewritten(markdown, in_repository(page.file.src_uri))
