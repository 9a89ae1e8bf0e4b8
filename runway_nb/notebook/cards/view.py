"""How results are shown in a session: live, in a batch run or in a terminal, and where a video is put."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ...jobs.job import Job
from ..rendering.messages import reuse_words
from ..rendering.result_html import bundle


class View(NamedTuple):
    """How results are shown in this session."""

    mode: str
    """live: a widget; batch: nobody watches; terminal: text only."""
    embed: str
    folder: Path
    """The notebook's folder."""

    def bundle(self, job: Job, *, reused: bool = False) -> dict[str, str]:
        """The durable form of a job, with the reason why nothing was sent for it when it is `reused`."""
        return bundle(job, self.embed, self.folder, reuse_words(job) if reused else "")
