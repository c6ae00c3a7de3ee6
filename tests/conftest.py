"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell that starts something in the background has it ignore interrupts, and so would whatever a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
