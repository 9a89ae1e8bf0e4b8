"""A process that may open no more files or threads: one line, nothing half done, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import builtins
import errno
import socket
import threading
from typing import Any

import pytest

from runway_nb import errors
from runway_nb.jobs.loop import BackgroundLoop
from runway_nb.ledger.phase import Phase
from support.fakes import Party


def _none_left(*_: Any, **__: Any) -> Any:
    raise OSError(errno.EMFILE, "Too many open files")


def test_without_a_loop_nothing_is_written_down(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socketpair", _none_left)
    with pytest.raises(errors.RunwayError, match="Too many open files"):
        party.submit()
    assert party.studio.ledger.recent() == []
    monkeypatch.undo()
    assert party.submit().wait(10).video is not None


@pytest.mark.parametrize("what", ["loop", "thread"])
def test_a_loop_that_cannot_be_made_is_one_line_and_can_be_made_later(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def no_thread(_: object) -> None:
        raise RuntimeError("can't start new thread")

    loop = BackgroundLoop()
    if what == "loop":
        monkeypatch.setattr(socket, "socketpair", _none_left)
    else:
        monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(errors.RunwayError, match="the background thread cannot be started"):
        loop.submit(asyncio.sleep(0))
    assert not loop.is_running
    monkeypatch.undo()
    assert loop.submit(asyncio.sleep(0, "done")).result(5) == "done"
    loop.stop()


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "Too many open files"), ImportError("no module")], ids=repr)
def test_a_job_whose_work_cannot_be_begun_ends(party: Party, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    load = builtins.__import__

    def refused(name: str, *args: Any, **more: Any) -> Any:
        if name == "workflow":
            raise error
        return load(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", refused)
    job = party.ended(party.submit())
    monkeypatch.undo()
    assert (job.state.phase, party.started) == (Phase.REFUSED, 0)
    assert "the work cannot begin" in str(job.error)
    record = party.studio.ledger.get(job.id)
    assert (record.phase, record.credits, record.lease) == ("refused", 0, 0.0)
