"""The life of a paid request, against the simulator."""

from __future__ import annotations

from fakes import Party


def test_a_wish_becomes_a_file(party: Party) -> None:
    job = party.submit().wait(10)
    assert job.video is not None
    assert job.video.read_bytes()[4:8] == b"ftyp"
    assert job.status == "SUCCEEDED"
    assert party.started == 1


def test_the_wish_is_in_the_ledger_with_its_end(party: Party) -> None:
    job = party.submit().wait(10)
    record = party.studio.ledger.get(job.id)
    assert (record.phase, record.status, record.credits) == ("done", "SUCCEEDED", 25)
    assert record.reply_ref == job.request.reply_ref
    assert record.request["seed"] == job.seed
