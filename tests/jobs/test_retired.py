"""A model that is gone: nothing is charged, the next one is named with the cell to run, and nothing is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.language.cell_source import request_of_cell
from runway_nb.notebook.rendering.notices import notice
from runway_nb.request import VideoRequest
from runway_nb.settings import Settings
from runway_nb.studio import Studio
from support.fakes import BASE, Changed, FakeTime, Party


@pytest.fixture
def party(tmp_path: Path, time: FakeTime) -> Iterator[Party]:
    with Party(tmp_path, time) as made:
        yield made


def _creates(party: Party) -> int:
    return len(party.api.calls("POST", "/create"))


def _without_accounts(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
    return httpx.Response(404, json={"error": "Not found."}) if request.url.path.endswith("/accounts") else answer


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_retired_model_is_refused_once_and_nothing_is_charged(party: Party, status: int) -> None:
    party.simulator.fault("retired", on="gen3turbo", status=status)
    job = party.ended(party.submit())
    assert isinstance(job.error, errors.ModelRetired)
    assert "--model gen4turbo (Gen-4 Turbo), at the same price" in job.error.message
    assert "\n" not in job.error.message
    assert (job.state.phase, _creates(party), party.started) == (Phase.REFUSED, 1, 0)
    record = party.studio.ledger.get(job.id)
    assert (record.phase, record.credits, record.error) == ("refused", 0, "ModelRetired")


def test_the_next_cell_may_try_again(party: Party) -> None:
    party.simulator.fault("retired", on="gen3turbo", times=1)
    assert isinstance(party.ended(party.submit()).error, errors.ModelRetired)
    assert party.submit(fresh=False).wait(10).video is not None
    assert (_creates(party), party.started) == (2, 1)


def test_a_410_without_words_is_looked_for_and_stays_a_doubt(party: Party) -> None:
    party.simulator.fault("retired", on="gen3turbo", status=410, text="Gone")
    job = party.ended(party.submit())
    assert (job.state.phase, _creates(party)) == (Phase.UNKNOWN, 1)
    assert isinstance(job.error, errors.MaybeSent)
    assert "seems to have been retired (Gone (HTTP 410)): go on with --model gen4turbo" in job.error.message


@pytest.mark.parametrize(("accounts", "kind"), [(True, errors.ModelRetired), (False, errors.NotFound)])
def test_a_404_without_words_is_no_sign_where_no_account_is_set_up(
    party: Party, accounts: bool, kind: type[errors.ApiError]
) -> None:
    party.simulator.fault("retired", on="gen3turbo", status=404, text="Not found.")
    if not accounts:
        party.api.inner = Changed(party.api.inner, _without_accounts)
    job = party.ended(party.submit())
    assert type(job.error) is kind
    assert (job.state.phase, _creates(party)) == (Phase.REFUSED, 1)


def test_the_notice_has_the_cell_to_run(party: Party) -> None:
    party.simulator.fault("retired", on="gen3turbo")
    request = VideoRequest("A lamp turns", Keyframes(first="harbour", last="meadow"), Camera(zoom=4))
    job = party.ended(party.studio.submit(request, cell="%%runway shot --first harbour --last meadow --zoom 4\nA lamp"))
    found = notice(job)
    assert found.title == "Not sent: Gen-3 Alpha Turbo is gone"
    assert "without last; the camera in words (--camera-words); in 16:9, 1280 x 720" in found.reason
    assert found.todo == "Nothing was charged. Run this cell instead:"
    assert found.command == "%%runway shot --model gen4turbo --first harbour --zoom 4 --camera-words\nA lamp turns"
    followed = request_of_cell(found.command)
    assert followed is not None
    assert followed.problems() == ()


def test_a_cell_that_needs_more_is_begun(party: Party) -> None:
    party.simulator.fault("retired", on="gen3turbo")
    found = notice(party.ended(party.submit()))
    assert "it needs a picture (--first)" in found.reason
    assert found.command == "%%runway --model gen4turbo ..."


def test_after_a_restart_the_notice_is_the_same(party: Party) -> None:
    party.simulator.fault("retired", on="gen3turbo")
    job = party.ended(party.submit())
    party.restart()
    assert notice(party.studio.find(job.id)) == notice(job)


# --- a model that may stop any day ------------------------------------------------------------------

ADVICE = (
    "Runway's website no longer supports Gen-3, and it may stop any day: --model gen4turbo is the nearest, and "
    "RUNWAY_NB_MODEL=gen4turbo makes it the default"
)


def test_a_discouraged_model_warns_once_in_a_session(party: Party) -> None:
    first, second = party.submit(), party.submit("Another lamp")
    assert [ADVICE in job.warnings for job in (first, second)] == [True, False]
    party.restart()
    assert ADVICE in party.submit("A third lamp").warnings


def test_a_request_that_is_not_sent_uses_up_no_warning(party: Party) -> None:
    with pytest.raises(errors.OverBudget):
        party.studio.submit(VideoRequest("A lamp"), max_credits=1)
    assert ADVICE in party.submit().warnings


def test_current_models_and_the_simulator_warn_of_nothing(party: Party, tmp_path: Path) -> None:
    assert party.submit(model="gen4_5").warnings == ()
    simulated = Studio(Settings(None, BASE, tmp_path / "other", Path("out")), connect=party.connect)
    try:
        assert ADVICE not in simulated.submit(VideoRequest("A lamp")).warnings
    finally:
        simulated.close()
