"""Leases: who keeps others away, for how long, and when a process is gone for certain."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.ledger.lease import LEASE_SECONDS, RENEW_SECONDS, is_gone, is_held, new_owner

HOST = new_owner().split("/")[0]
AGES = st.floats(-2 * LEASE_SECONDS + 0.001, 1e6)
"""Seconds since a lease ended; it cannot be further ahead."""


@pytest.fixture(scope="module")
def dead():
    """The number of a process that has ended and was waited for."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_an_owner_names_its_machine_and_its_process() -> None:
    host, pid, part = new_owner().split("/")
    assert (host, int(pid)) == (HOST, os.getpid())
    assert host.startswith(socket.gethostname())
    assert part


def test_two_owners_of_one_process_differ() -> None:
    assert len({new_owner() for _ in range(200)}) == 200


def test_a_lease_outlives_a_missed_renewal() -> None:
    assert LEASE_SECONDS > 2 * RENEW_SECONDS


def test_a_living_process_holds_until_its_lease_ends() -> None:
    owner = new_owner()
    assert is_held(owner, 100.0, 99.999)
    assert not is_held(owner, 100.0, 100.0)
    assert not is_held(owner, 0.0, 0.0)


@given(AGES, AGES)
def test_who_holds_now_has_held_before(first, second) -> None:
    owner = new_owner()
    early, late = sorted((first, second))
    assert is_held(owner, 1e6, 1e6 + early) >= is_held(owner, 1e6, 1e6 + late)


def test_a_lease_from_a_clock_that_was_set_back_holds_nothing() -> None:
    owner = new_owner()
    assert is_held(owner, 1000.0 + LEASE_SECONDS, 1000.0)
    assert not is_held(owner, 1000.0 + 3600.0, 1000.0)


def test_a_process_that_has_ended_holds_nothing(dead) -> None:
    owner = f"{HOST}/{dead}/0a1b2c3d"
    assert is_gone(owner)
    assert not is_held(owner, 100.0, 99.0)


def test_a_process_of_another_machine_cannot_be_asked(dead) -> None:
    owner = f"not-{HOST}/{dead}/0a1b2c3d"
    assert not is_gone(owner)
    assert is_held(owner, 100.0, 99.0)
    assert not is_held(owner, 100.0, 101.0)


@pytest.mark.skipif(os.name != "posix", reason="process 1 is there on posix only")
def test_a_process_of_another_user_lives() -> None:
    assert not is_gone(f"{HOST}/1/0a1b2c3d")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces of process numbers")
def test_equal_numbers_in_another_container_are_another_process(dead) -> None:
    assert not is_gone(f"{socket.gethostname()} pid:[1]/{dead}/0a1b2c3d")


@pytest.mark.parametrize("name", ["", "x", HOST, f"{HOST}/", f"{HOST}/x/y", f"{HOST}/-1/y"])
def test_a_name_that_is_none_is_never_called_gone(name) -> None:
    assert not is_gone(name)
