"""`%runway ledger`: where the ledger is kept, and how its jobs come from a file to a server and back."""

from __future__ import annotations

from ...errors import InvalidCommand
from ...redaction import redact
from ...text.console import write_line
from ...values.plain import shown
from .command_line import Arguments
from .front_end import FrontEnd

TO_SERVER, TO_FILE = "to-server", "to-file"
DIRECTIONS = (TO_SERVER, TO_FILE)


def show_ledger(front_end: FrontEnd, arguments: Arguments) -> None:
    """Write where the ledger is kept and how many jobs it has, or copy one into another."""
    from ...ledger.copying import copy_ledger  # loads the ledger
    from ...ledger.ledger import Ledger  # loads the ledger

    studio = front_end.studio
    current = studio.ledger
    if not arguments.name:
        engine = "a file" if studio.settings.ledger is None else "a PostgreSQL database"
        count = current.count()
        write_line(redact(f"The ledger is kept in {engine}: {current.location}, {count:,} job{'s' * (count != 1)}."))
        return
    if arguments.name not in DIRECTIONS:
        raise InvalidCommand(f"{shown(arguments.name)} is no direction: give {' or '.join(DIRECTIONS)}")
    if studio.settings.ledger is None:
        raise InvalidCommand("the ledger is kept in a file: set RUNWAY_NB_LEDGER to the server's address first")
    file = Ledger(studio.settings.home)
    try:
        source, target = (file, current) if arguments.name == TO_SERVER else (current, file)
        copied = copy_ledger(source, target)
    finally:
        file.close()
    write_line(redact(f"From {source.location} to {target.location}: {copied}."))
