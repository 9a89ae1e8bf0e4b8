"""The embedded simulator of a studio: where its page is, and faults by name for lessons."""

from __future__ import annotations

from .errors import InvalidCommand
from .jobs.backend import Backends
from .jobs.loop import BackgroundLoop
from .values.arguments import plain_arguments
from .values.handle import Handle

ANSWER_SECONDS = 60.0


class EmbeddedSimulator(Handle):
    """The simulator that answers while no token is set; started when it is needed first.

    Made by `Studio` as `studio.simulator`.

    Args:
        backends: Which backend is asked.
        loop: The background loop.
    """

    def __init__(self, backends: Backends, loop: BackgroundLoop) -> None:
        self._backends = backends
        self._loop = loop

    def url(self, timeout: float = ANSWER_SECONDS) -> str:
        """Return the address of its page, with the key that opens it.

        The key is drawn anew in every process. With a token set it is the address of the API instead.
        """
        connection = self._loop.run(self._backends.current.connected(), timeout)
        return connection.page or connection.client.origin

    @plain_arguments
    def inject_fault(self, fault: str, timeout: float = ANSWER_SECONDS) -> None:
        """Let it do one thing wrong, by the name of a fault. Raises `InvalidCommand` for an unknown name."""
        inject = self._loop.run(self._backends.current.connected(), timeout).inject_fault
        if inject is None:
            raise InvalidCommand("a token is set: only the embedded simulator can be told to misbehave")
        try:
            inject(fault)
        except ValueError as unknown:
            raise InvalidCommand(str(unknown)) from None
