"""What `_repr_mimebundle_` of jobs, sweeps and films gives: the durable form, videos carried as the front end needs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .hosts import Host, current_place
from .rendering import comparison_table, film_html, result_html, sweep_grid

if TYPE_CHECKING:
    from ..comparison import Comparison
    from ..jobs.job import Job
    from ..sweeps.film import Film
    from ..sweeps.sweep import Sweep


def job_bundle(job: Job) -> dict[str, str]:
    """Return a job as a MIME bundle."""
    host = _host()
    return result_html.bundle(job, host.embed, has_magics=host.has_magics)


def sweep_bundle(sweep: Sweep) -> dict[str, str]:
    """Return a sweep as a MIME bundle."""
    return sweep_grid.bundle(sweep, _host().embed)


def film_bundle(film: Film) -> dict[str, str]:
    """Return a film as a MIME bundle."""
    return film_html.bundle(film, _host().embed)


def comparison_bundle(comparison: Comparison) -> dict[str, str]:
    """Return compared clips as a MIME bundle."""
    return comparison_table.bundle(comparison, _host().embed)


def _host() -> Host:
    ipython = sys.modules.get("IPython")
    return current_place(ipython.get_ipython() if ipython is not None else None).host
