"""PyYAML's parser in pure Python, put together like its C one: for an installation without libyaml."""

from __future__ import annotations

from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class SlowParser(Reader, Scanner, Parser, Composer):
    """Needs the same three hooks as the C parser: `resolve`, `descend_resolver` and `ascend_resolver`."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
