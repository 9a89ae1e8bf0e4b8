"""Print every figure beside its goal: `make bench`, or `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import sys
from importlib import import_module

MODULES = (
    "loading",
    "following",
    "makespan",
    "shared_slots",
    "sweep_workers",
    "many_jobs",
    "finishing",
    "first_frame",
    "rendering",
    "ledger",
    "ledger_server",
    "ledger_clients",
    "history",
    "pictures",
    "preview",
    "panel",
    "redacting",
    "sweep_table",
)


def main(names: list[str]) -> None:
    """Run the benchmarks one after the other and print their rows as they come."""
    for name in names or MODULES:
        print(f"\n{name}\n{'-' * len(name)}", flush=True)
        for label, value, goal in import_module(f"benchmarks.{name}").measure():
            print(f"{label:<72} {value:>9.2f}   {goal}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
