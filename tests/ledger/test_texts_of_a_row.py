"""The texts of a row are looked through together, and come out as each would by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runway_nb.ledger.addresses import NoAddresses
from runway_nb.ledger.job_table import JobTable
from runway_nb.ledger.ledger import Ledger
from runway_nb.redaction import know_address, know_token
from support.shown_jobs import TASK_ID
from support.simulator_kit import EMAIL, TOKEN

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "in percent signs": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "in entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "for a link": lambda text: quote(text, safe=""),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 after two letters": lambda text: base64.b64encode(b"ab" + text.encode()).decode().rstrip("="),
    "in hexadecimal digits": lambda text: text.encode().hex(),
}
SECRETS = [TOKEN, TOKEN.partition("-")[2], EMAIL, TASK_ID, "https://ann:word@a.test", "runwayml:bob-task:1"]
LINE = "ab0+" * 19
"""A line of base64 as mails have it: the next line goes on with it."""
AT_THE_ENDS = ["", " ", "\n", "\r", "\\", "%", "%2", "&#", "x", "=", ":", "@", '"', "bearer ", "\u0130", "\u03a3", LINE]

secrets = st.builds(lambda text, spelt: SPELLINGS[spelt](text), st.sampled_from(SECRETS), st.sampled_from([*SPELLINGS]))
pieces = st.sampled_from(["", "following", "50 %% of a lamp", "caf\u00e9"]) | st.text(max_size=9) | secrets
ends = st.sampled_from(AT_THE_ENDS)
texts = st.builds("{}{}{}".format, ends, pieces, ends)


@pytest.fixture(scope="module")
def table() -> JobTable:
    know_token(TOKEN)
    know_address(EMAIL)
    return Ledger(Path("nowhere"), addresses=NoAddresses()).table


@given(row=st.lists(texts, max_size=5))
@example(row=[LINE, base64.b64encode(TOKEN.encode()).decode()])
@example(row=["user:4711-", "runwayml:ann-task:1"])
@example(row=["\u0130", "\u03a3@a.test"])
def test_the_texts_of_a_row_come_out_as_each_does_by_itself(table, row) -> None:
    assert table.cleaned(*row) == [table.clean(text) for text in row]


@given(text=secrets)
def test_a_secret_is_found_behind_any_other_text(table, text) -> None:
    row = [LINE, "a lamp turns", text]
    assert table.cleaned(*row) == [LINE, "a lamp turns", table.clean(text)]


def test_a_token_that_becomes_known_is_found_where_none_was_before(table) -> None:
    row = ["following", "its number is 7kq0zv93xw"]
    assert table.cleaned(*row) == row
    know_token("user:4712-7kq0zv93xw")
    assert table.cleaned(*row) == ["following", "its number is ***"]
