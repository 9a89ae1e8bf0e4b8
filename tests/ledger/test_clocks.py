"""Clocks that jump by minutes, a day or 400 days, either way: leases, budgets and days hold all the same.

Time has three parts here: what really passes, the clock on the wall (which somebody sets), and the machine's own
seconds, which never jump.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time as clock
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.errors import LeaseLost, OverBudget
from runway_nb.jobs.policy import Limits, decide
from runway_nb.ledger import lease
from runway_nb.ledger.lease import LEASE_SECONDS, RENEW_SECONDS, LeaseWatch, is_gone, new_owner
from runway_nb.ledger.spending import local_day
from runway_nb.ledger.unfinished import count_unfinished
from support.examples import examples
from support.ledgers import make_ledger
from support.records import JOB, a_record

DAY = 86_400.0
JUMPS = [15 * 60.0, 3600.0, DAY, 400 * DAY]
BOTH_WAYS = [sign * jump for jump in JUMPS for sign in (1, -1)]
NOON = clock.mktime((2026, 6, 17, 12, 0, 0, 0, 0, -1))


class Machine:
    """A machine whose wall clock can be set; what really passes, passes on it, too."""

    def __init__(self, real: list[float], ahead: float = 0.0, boot: str = "here") -> None:
        self.real, self.ahead, self.boot = real, ahead, boot

    def wall(self) -> float:
        return NOON + self.real[0] + self.ahead

    def monotonic(self) -> float:
        return 1000.0 + self.real[0]


@pytest.fixture
def real():
    return [0.0]


@pytest.fixture
def machine(real):
    return Machine(real)


@pytest.fixture
def opened(tmp_path: Path, engine: str):
    """Opens the ledger as a kernel on a machine has it."""
    made = []

    def open_on(machine):
        made.append(make_ledger(tmp_path / "home", machine.wall, machine.monotonic, machine.boot))
        return made[-1]

    yield open_on
    for ledger in made:
        ledger.close()


_record = partial(a_record, backend="api", notebook="film")


# --- leases: on one machine -------------------------------------------------------------------------


@pytest.mark.parametrize("jump", BOTH_WAYS)
def test_a_clock_that_is_set_takes_no_job_from_who_renews_it(opened, machine, real, jump) -> None:
    mine, other, owner = opened(machine), opened(machine), new_owner()
    mine.add(_record(owner=owner))
    mine.add(_record("0000000a", phase="waiting", owner=owner))
    assert not other.leases.take(JOB, new_owner())[1]
    machine.ahead += jump
    for _ in range(10):
        for _ in range(int(RENEW_SECONDS)):
            assert not other.leases.take(JOB, new_owner())[1]
            other.claim(_record(os.urandom(4).hex(), owner="x/1/0a"), lambda _: None)
            real[0] += 1
        mine.leases.renew(owner)
    mine.update("0000000a", by=owner, phase="sending")
    mine.update(JOB, by=owner, status="RUNNING")


@pytest.mark.parametrize("jump", BOTH_WAYS)
def test_a_kernel_that_begins_after_the_clock_was_set_takes_no_job_either(opened, machine, real, jump) -> None:
    mine, owner = opened(machine), new_owner()
    mine.add(_record(owner=owner))
    machine.ahead += jump
    other = opened(machine)
    for _ in range(5):
        assert not other.leases.take(JOB, new_owner())[1]
        real[0] += RENEW_SECONDS
        mine.leases.renew(owner)


@pytest.mark.parametrize("jump", [0.0, *BOTH_WAYS])
@pytest.mark.parametrize("boot", ["here", "there", "a boot later"])
def test_a_job_that_nobody_renews_is_free_in_time_whatever_the_clock_says(opened, machine, real, jump, boot) -> None:
    """On the same machine as soon as its lease is over, elsewhere a lease after it was first looked at."""
    opened(machine).add(_record(owner="another container/1/0a"))
    later = Machine(real, jump, boot)
    real[0] += LEASE_SECONDS - 1
    ledger = opened(later)
    assert not ledger.leases.take(JOB, "me/1/0b")[1]
    real[0] += 1
    assert ledger.leases.take(JOB, "me/1/0b")[1] == (boot == "here")
    real[0] += LEASE_SECONDS
    assert ledger.leases.take(JOB, "me/1/0b")[1]


@pytest.mark.parametrize("jump", BOTH_WAYS)
def test_a_container_that_is_gone_blocks_nobody_an_hour_later(opened, machine, real, jump) -> None:
    """Its processes cannot be asked about, but they went by the same seconds."""
    opened(machine).add(_record(phase="waiting", owner="another container/1/0a"))
    real[0] += 3600
    machine.ahead += jump
    opened(machine).claim(_record("0000000a", owner=new_owner()), lambda _: None)
    assert opened(machine).get(JOB).phase == "removed"


@pytest.mark.of_file
@pytest.mark.parametrize("spoilt", ["soon", None, b"x", -1.0, 1e300])
def test_a_beat_that_cannot_be_read_blocks_nobody_for_long(opened, machine, real, spoilt) -> None:
    ledger = opened(machine)
    ledger.add(_record(owner="another container/1/0a"))
    with ledger.table.database.transaction() as connection:
        connection.execute("DROP TABLE beats")
        connection.execute("CREATE TABLE beats (job_id PRIMARY KEY, boot, seconds)")
        connection.execute("INSERT INTO beats VALUES (?, 'here', ?)", (JOB, spoilt))
    ledger.leases.take(JOB, "me/1/0b")
    real[0] += LEASE_SECONDS
    assert ledger.leases.take(JOB, "me/1/0b")[1]


@pytest.mark.parametrize("jump", [0.0, *BOTH_WAYS])
def test_a_process_that_has_ended_frees_its_jobs_at_once_whatever_the_clock_says(opened, machine, jump) -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    opened(machine).add(_record(owner=f"{new_owner().split('/')[0]}/{process.pid}/0a1b2c3d"))
    machine.ahead += jump
    assert opened(machine).leases.take(JOB, new_owner())[1]


@pytest.mark.parametrize("jump", BOTH_WAYS)
def test_what_waits_in_a_living_kernel_is_not_void_because_the_clock_was_set(opened, machine, jump) -> None:
    mine, owner = opened(machine), new_owner()
    mine.add(_record(phase="waiting", owner=owner))
    machine.ahead += jump
    other = opened(machine)
    other.claim(_record("0000000a", owner=new_owner()), lambda _: None)
    mine.update(JOB, by=owner, phase="sending")
    assert mine.get(JOB).phase == "sending"


# --- leases: two machines that share a home ---------------------------------------------------------


@pytest.mark.parametrize("ahead", BOTH_WAYS)
def test_a_machine_whose_clock_differs_takes_no_job_of_the_other(opened, real, ahead) -> None:
    """Each looks at the other's job all the time, as two kernels that watch it do."""
    here, there = Machine(real), Machine(real, ahead, "there")
    mine, theirs = opened(here), opened(there)
    mine.add(_record("0000000a", owner="here/1/0a"))
    theirs.add(_record("0000000b", phase="waiting", owner="there/1/0b"))
    for _ in range(60):
        assert not theirs.leases.take("0000000a", "there/1/0b")[1]
        assert not mine.leases.take("0000000b", "here/1/0a")[1]
        real[0] += 1
        if real[0] % RENEW_SECONDS == 0:
            mine.leases.renew("here/1/0a")
            theirs.leases.renew("there/1/0b")
    assert mine.get("0000000b").phase == "waiting"


class Owner:
    """A kernel that renews what it holds every few seconds, while it is not frozen."""

    def __init__(self, name: str, machine: Machine, home: Path) -> None:
        self.name, self.machine, self.frozen, self.renewed = name, machine, False, 0.0
        self.ledger = make_ledger(home, machine.wall, machine.monotonic, machine.boot)

    def live(self) -> None:
        if not self.frozen and self.machine.real[0] - self.renewed >= RENEW_SECONDS:
            self.ledger.leases.renew(self.name)
            self.renewed = self.machine.real[0]

    def take(self) -> bool:
        ours = self.ledger.leases.take(JOB, self.name)[1]
        self.renewed = self.machine.real[0] if ours else self.renewed
        return ours

    def idle_for(self) -> float:
        return self.machine.real[0] - self.renewed


def _commit(owner: Owner, holder: Owner | None) -> None:
    """Only the holder writes."""
    if owner is holder:
        owner.ledger.update(JOB, by=owner.name, status="RUNNING")
        return
    with pytest.raises(LeaseLost):
        owner.ledger.update(JOB, by=owner.name, status="RUNNING")


def _take(owner: Owner, holder: Owner | None) -> Owner | None:
    """Nothing is taken from an owner that has renewed within a lease of real time."""
    idle = LEASE_SECONDS if holder in (None, owner) else holder.idle_for()
    if not owner.take():
        assert holder not in (None, owner)
        return holder
    assert idle >= LEASE_SECONDS
    return owner


@pytest.mark.usefixtures("engine")
@settings(max_examples=examples(60), deadline=None)
@given(
    st.booleans(),
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["take", "commit", "freeze"]), st.integers(0, 2), st.just(0.0)),
            st.tuples(st.just("set"), st.integers(0, 2), st.sampled_from([0.0, *BOTH_WAYS])),
            st.tuples(st.just("pass"), st.just(0), st.sampled_from([0.5, 2.0, 4.5, 12.0, 25.0])),
        ),
        max_size=30,
    ),
)
def test_no_job_is_taken_from_who_renews_it_and_each_is_free_in_time(
    tmp_path_factory: pytest.TempPathFactory, shared, steps
) -> None:
    """The law: a job is taken from an owner only when that has renewed nothing for a whole lease of real time; who
    looks for it waits no longer than two; only the holder writes. On one machine (then one lease is enough), or on
    three whose clocks differ and are set at any time.
    """
    real = [0.0]
    home = tmp_path_factory.getbasetemp() / "skewed" / os.urandom(4).hex()
    machines = [Machine(real, number * 3600.0, f"boot {number}") for number in range(3)]
    owners = [Owner(f"{number}/1/0a", machines[0 if shared else number], home) for number in range(3)]
    owners[0].ledger.add(_record())
    holder = None
    for step, who, value in steps:
        owner = owners[who]
        if step == "set":
            owner.machine.ahead = value
        elif step == "freeze":
            owner.frozen = not owner.frozen
        elif step == "take":
            holder = _take(owner, holder)
        elif step == "commit":
            _commit(owner, holder)
        for _ in range(int(value * 2) if step == "pass" else 0):
            real[0] += 0.5
            for owner in owners:
                owner.live()
    late = owners[2].ledger
    late.leases.take(JOB, "late/1/0d")
    real[0] += LEASE_SECONDS
    assert late.leases.take(JOB, "late/1/0d")[1]
    for owner in owners:
        owner.ledger.close()


def test_seconds_that_run_backwards_make_it_wait_once_more() -> None:
    """No clock of a machine does so; one that stands for it in a script may."""
    now = [1000.0]
    watch = LeaseWatch(lambda: now[0])
    assert watch.is_held(JOB, "a/1/0a", 5.0, None)
    now[0] -= 400 * DAY
    assert watch.is_held(JOB, "a/1/0a", 5.0, None)
    now[0] += LEASE_SECONDS
    assert not watch.is_held(JOB, "a/1/0a", 5.0, None)


# --- owners -----------------------------------------------------------------------------------------

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")


@linux
def test_another_process_with_the_number_of_a_dead_one_is_not_its_owner() -> None:
    mine = new_owner()
    place, number, part = mine.split("/")
    random_part, _, began = part.partition(".")
    assert not is_gone(mine)
    assert int(began) > 0
    assert is_gone(f"{place}/{number}/{random_part}.{int(began) - 1}")
    assert not is_gone(f"{place}/{number}/{random_part}"), "an owner of before, who told no beginning"


@linux
def test_a_process_that_has_ended_and_that_nobody_has_asked_about_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    for _ in range(500):
        if Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z":
            break
        clock.sleep(0.01)
    assert is_gone(f"{new_owner().split('/')[0]}/{process.pid}/0a1b2c3d")
    process.wait()


@linux
def test_where_process_numbers_are_those_of_another_namespace_nobody_is_called_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, number, _ = new_owner().split("/")
    monkeypatch.setattr(lease.os, "readlink", lambda path: "1")
    assert not is_gone(f"{place}/{number}/0a1b2c3d.17")


@pytest.mark.parametrize("number", ["\u0663", "\u00b2", "1" * 400, "0x10", "-1", ""])
def test_a_number_that_is_none_names_no_dead_process(number) -> None:
    assert not is_gone(f"{new_owner().split('/')[0]}/{number}/0a")


# --- the day's budget -------------------------------------------------------------------------------


def _spend(ledger, number, price=25, **fields) -> None:
    ledger.add(_record(f"{number:08x}", phase="done", credits=price, **fields))


@pytest.mark.parametrize(
    "jumps", [[j] for j in BOTH_WAYS] + [[400 * DAY, -DAY], [-DAY, 400 * DAY], [-DAY, -DAY]], ids=str
)
def test_a_clock_that_was_set_and_set_right_again_gives_no_new_budget(opened, machine, jumps) -> None:
    ledger = opened(machine)
    _spend(ledger, 0)
    for number, jump in enumerate(jumps, start=1):
        machine.ahead = jump
        _spend(ledger, number)
    machine.ahead = 0.0
    assert ledger.spending.today("api") == 25 * (1 + len(jumps))
    new = _record("0000000f", owner=new_owner())
    with pytest.raises(OverBudget):
        ledger.claim(new, lambda books: decide(new, books, Limits(day_credits=25 * (1 + len(jumps)))))


@pytest.mark.parametrize("back", [60.0, 3600.0, DAY, 400 * DAY])
def test_a_clock_that_is_set_back_gives_no_new_budget(opened, machine, back) -> None:
    ledger = opened(machine)
    _spend(ledger, 0)
    machine.ahead -= back
    assert ledger.spending.today("api") == 25


@pytest.mark.parametrize("jump", [DAY, 2 * DAY, 400 * DAY])
def test_a_clock_that_is_set_ahead_gives_no_new_budget_either(opened, machine, real, jump) -> None:
    ledger = opened(machine)
    _spend(ledger, 0)
    machine.ahead += jump
    assert ledger.spending.today("api") == 25
    real[0] += DAY + 1
    assert ledger.spending.today("api") == 0, "a day has passed all the same"


def test_after_another_start_of_the_machine_the_dates_decide(opened, machine) -> None:
    ledger = opened(machine)
    _spend(ledger, 0)
    machine.ahead += 400 * DAY
    machine.boot = "another"
    assert opened(machine).spending.today("api") == 0


def test_what_is_dated_after_today_is_told_until_it_is_past(opened, machine, real) -> None:
    ledger = opened(machine)
    machine.ahead = 400 * DAY
    _spend(ledger, 0)
    machine.ahead = 0.0
    _spend(ledger, 1)
    new = _record("0000000f", owner=new_owner())
    with pytest.raises(OverBudget, match="25 of them are dated after today, by a clock that was ahead"):
        ledger.claim(new, lambda books: decide(new, books, Limits(day_credits=50)))
    real[0] = DAY
    assert ledger.spending.today("api") == 25, "a new day, but for what is dated later"
    real[0] = 401 * DAY
    assert ledger.spending.today("api") == 0


@pytest.mark.of_file
def test_a_date_that_cannot_be_read_counts_until_a_later_row_is_of_the_past(opened, machine, real) -> None:
    ledger = opened(machine)
    _spend(ledger, 0)
    _spend(ledger, 1, 100)
    with ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET created = 'soon' WHERE id = '00000001'")
    real[0] = DAY
    assert ledger.spending.today("api") == 100
    _spend(ledger, 2)
    assert ledger.spending.today("api") == 125
    real[0] = 2 * DAY
    assert ledger.spending.today("api") == 0


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from([0.0, 0.0, *BOTH_WAYS, 2 * DAY, -2 * DAY])),
        st.tuples(st.just("spend"), st.integers(1, 50)),
        st.tuples(st.just("pass"), st.sampled_from([60.0, 3600.0])),
    ),
    max_size=25,
)


@pytest.mark.usefixtures("engine")
@settings(max_examples=examples(60), deadline=None)
@given(OPERATIONS)
def test_a_day_never_forgets_what_was_spent_on_it(tmp_path_factory: pytest.TempPathFactory, operations) -> None:
    """The law, for one real day of one machine: however its clock is set to and fro, the budget counts all of it."""
    real = [-11 * 3600.0]
    machine = Machine(real)
    home = tmp_path_factory.getbasetemp() / "days" / os.urandom(4).hex()
    ledger = make_ledger(home, machine.wall, machine.monotonic, machine.boot)
    prices: list[int] = []
    for operation, value in operations:
        if operation == "set":
            machine.ahead = value
        elif operation == "pass":
            real[0] = min(real[0] + value, 11 * 3600.0)
        else:
            prices.append(value)
            _spend(ledger, len(prices), value)
        assert ledger.spending.today("api") == sum(prices)
    assert sum(row.credits for row in ledger.spending.by_day()) == sum(prices)
    ledger.close()


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch):
    def use(name):
        monkeypatch.setenv("TZ", name)
        clock.tzset()

    yield use
    monkeypatch.undo()
    clock.tzset()


@pytest.mark.skipif(not hasattr(clock, "tzset"), reason="no time zones to choose from")
@pytest.mark.parametrize(
    ("name", "noon", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29, 12), 23), ("Europe/Berlin", (2026, 10, 25, 12), 25),
        ("Europe/Berlin", (2026, 6, 17, 12), 24), ("America/Sao_Paulo", (2018, 11, 4, 12), 23),
        ("America/New_York", (2026, 11, 1, 23), 25), ("Asia/Tokyo", (2026, 3, 29, 12), 24),
    ],
)  # fmt: skip
def test_a_day_has_as_many_hours_as_its_clocks_show(zone, opened, real, name, noon, hours) -> None:
    zone(name)
    now = clock.mktime((*noon, 0, 0, 0, 0, -1))
    begin, end = local_day(now)
    assert (end - begin) / 3600 == hours
    assert begin <= now < end
    machine = Machine(real, begin - NOON)
    ledger = opened(machine)
    _spend(ledger, 0)
    real[0] += end - 1 - begin
    assert ledger.spending.today("api") == 25
    real[0] += 2
    assert ledger.spending.today("api") == 0


@pytest.mark.skipif(not hasattr(clock, "tzset"), reason="no time zones to choose from")
def test_a_day_that_begins_later_in_another_zone_forgets_nothing_of_it(zone, opened, real) -> None:
    """Spent in Tokyo at noon, asked for in Honolulu a moment later, where it is the evening before."""
    zone("Asia/Tokyo")
    machine = Machine(real, datetime(2026, 6, 17, 3, tzinfo=timezone.utc).timestamp() - NOON)
    ledger = opened(machine)
    _spend(ledger, 0)
    zone("Pacific/Honolulu")
    assert ledger.spending.today("api") == 25


# --- what else goes by time -------------------------------------------------------------------------


@pytest.mark.parametrize("jumps", [[400 * DAY], [-400 * DAY], [-2 * DAY], [400 * DAY, -400 * DAY]], ids=str)
def test_the_brake_of_moderation_survives_a_clock_that_was_set(opened, machine, jumps) -> None:
    ledger = opened(machine)
    said = {"refusal": "VIOLENCE", "prompt_hash": "w"}
    _spend(ledger, 0, **said)
    for number, jump in enumerate(jumps, start=1):
        machine.ahead = jump
        _spend(ledger, number, **said)
    machine.ahead = 0.0
    assert ledger.snapshot(_record()).moderated == 1 + len(jumps)


@pytest.mark.parametrize("jump", BOTH_WAYS)
def test_the_newest_is_what_was_written_last(opened, machine, jump) -> None:
    ledger = opened(machine)
    for number in range(3):
        ledger.add(_record(f"{number:08x}", digest="v1:x", phase="done" if number < 2 else "following"))
        machine.ahead += jump
    order = ["00000002", "00000001", "00000000"]
    assert [record.id for record in ledger.recent()] == order
    assert [record.id for record in ledger.named("0000000")] == order
    assert ledger.newest().id == "00000002"
    ledger.add(_record("0000000a"))
    assert [record.id for record in ledger.unfinished()] == ["0000000a", "00000002"]
    seen = []
    ledger.claim(_record("0000000f", digest="v1:x"), lambda books: seen.append(books))
    assert [record.id for record in seen[0].earlier] == order


@pytest.mark.of_file
@pytest.mark.parametrize("jump", BOTH_WAYS)
def test_what_rests_by_the_users_decision_is_told_for_a_while_only(opened, machine, jump) -> None:
    ledger = opened(machine)
    ledger.add(_record(phase="stopped"))
    machine.ahead += jump
    week = 7 * DAY
    assert count_unfinished(ledger.path, machine.wall(), week) == (abs(jump) <= week)
