"""One channel a module: normalise(raw) -> Inbound, send(Reply). None knows the store or another channel."""

from __future__ import annotations


class Busy(Exception):
    """The house could not take it: nothing was written, and later it may go better."""


class ChannelStopped(Exception):
    """A channel cannot go on, and the process should not pretend: the message says what to do."""
