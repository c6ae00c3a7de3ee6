"""Talks to a process of the lab over a socket. Raises LabError if there is no answer."""

from __future__ import annotations

import socket
from typing import Any

from dataplane import messages

_SECONDS = 900
"""No answer takes so long; many thousand probes that nobody answers take minutes."""


class LabError(Exception):
    """Something asked of the lab failed."""


class Line:
    """One end of a conversation: a question, then its answer."""

    def __init__(self, own: socket.socket, name: str) -> None:
        self._own, self._name = own, name
        own.settimeout(_SECONDS)
        self._stream = own.makefile("rwb")

    def ask(self, question: messages.Json) -> Any:
        """The answer. Raises LabError."""
        try:
            self._stream.write(messages.line(question))
            self._stream.flush()
            text = self._stream.readline(messages.LONGEST)
        except OSError as error:
            raise LabError(f"{self._name} is gone: {error}") from error
        if not text:
            raise LabError(f"{self._name} is gone")
        answer = messages.value(text)
        if "error" in answer:
            raise LabError(f"{self._name}: {answer['error']}")
        return answer["answer"]

    def close(self) -> None:
        """Hang up, which ends who is at the other end."""
        self._stream.close()
        self._own.close()
