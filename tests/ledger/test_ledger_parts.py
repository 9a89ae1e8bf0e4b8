"""The parts of a ledger: their earlier names, and what they keep in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb.ledger.addresses import AccountAddresses, AddressFolder
from runway_nb.ledger.ledger import Ledger
from support.ledgers import make_ledger
from support.records import JOB, a_record
from support.strategies import ASSET_ID, EMAIL, TASK_ID


@pytest.fixture
def ledger(tmp_path: Path, engine: str) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    ledger.add(a_record(backend="api.test"))
    yield ledger
    ledger.close()


def test_earlier_names_of_calls_work_and_warn(ledger: Ledger) -> None:
    with pytest.warns(DeprecationWarning, match="ledger.spent_today is ledger.spending.today now"):
        assert ledger.spent_today("api.test") == 25  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match=r"ledger.spending\(\) is ledger.spending.by_day\(\) now"):
        assert ledger.spending() == ledger.spending.by_day()
    with pytest.warns(DeprecationWarning, match="ledger.keep_upload is ledger.uploads.keep now"):
        ledger.keep_upload("a", "api.test", EMAIL, ASSET_ID)  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="ledger.upload is ledger.uploads.find now"):
        assert ledger.upload("a", "api.test") == ASSET_ID  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="ledger.take is ledger.leases.take now"):
        assert ledger.take(JOB, "me/1/0a")[1]  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="ledger.task_ids is ledger.tasks.ids now"):
        assert ledger.task_ids() == (frozenset(), frozenset())  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="no attribute 'shelf'"):
        _ = ledger.shelf  # type: ignore[attr-defined]


def test_an_address_is_read_once_and_written_again_where_it_is_gone(tmp_path: Path) -> None:
    AccountAddresses(AddressFolder(tmp_path)).mask(TASK_ID)
    addresses = AccountAddresses(AddressFolder(tmp_path))
    (key,) = tmp_path.iterdir()
    masked = TASK_ID.replace(EMAIL, key.name)
    assert addresses.unmask(masked) == TASK_ID
    key.unlink()
    assert addresses.unmask(masked) == TASK_ID
    assert AccountAddresses(AddressFolder(tmp_path)).unmask(masked) == masked
    addresses.mask(TASK_ID)
    assert AccountAddresses(AddressFolder(tmp_path)).unmask(masked) == TASK_ID
