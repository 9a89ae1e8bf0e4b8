"""The other backend: a simulator of the remote API on this machine, with real videos and no account.

    with Simulator(folder) as simulator:
        ...  # simulator.base_url

or `python -m runway_nb.simulator`. Needs `pip install "runway_nb[simulator]"`; importing this package
needs and loads nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Simulator
    from .service.timeline import EMBEDDED_SPEED

__all__ = ["EMBEDDED_SPEED", "Simulator"]


def __getattr__(name: str) -> Any:
    if name == "Simulator":
        from .server import Simulator  # loads sqlite3

        return Simulator
    if name == "EMBEDDED_SPEED":
        from .service.timeline import EMBEDDED_SPEED  # first use

        return EMBEDDED_SPEED
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
