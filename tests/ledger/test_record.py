"""A record, and the reference that names its request."""

from __future__ import annotations

import pytest

from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import is_own_reference, own_reference
from support.records import JOB, a_record


def test_a_reference_of_ours_is_recognised() -> None:
    assert own_reference(f"{JOB}0a1b2c3d") == f"rnb-{JOB}0a1b2c3d"
    assert is_own_reference(own_reference(f"{JOB}0a1b2c3d"), JOB)


@pytest.mark.parametrize("reference", ["", "rnb-", "rnb-00000000", f"RNB-{JOB}", f"my-{JOB}", f"x rnb-{JOB}"])
def test_a_reference_of_the_user_names_no_job(reference: str) -> None:
    assert not is_own_reference(reference, JOB)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_job_may_be_lost_while_a_create_is_unanswered(phase: Phase) -> None:
    unsent = phase in (Phase.PREPARING, Phase.WAITING)
    assert a_record(phase=phase.value).is_unsent is unsent
    assert a_record(phase=phase.value, sent=1.0).was_refused_for_now is unsent
    in_doubt = unsent or phase in (Phase.UNKNOWN, Phase.SENDING, Phase.CHECKING)
    assert a_record(phase=phase.value, sent=1.0).may_be_lost is in_doubt
    assert not a_record(phase=phase.value, sent=1.0, task_id="x").may_be_lost


def test_an_imported_job_was_asked_for_where_it_came_from() -> None:
    assert a_record(created=7.0, sent=5.0).asked == 7.0
    assert a_record(created=7.0, sent=5.0, imported=True).asked == 5.0
    assert a_record(created=7.0, imported=True).asked == 7.0
