"""What may be shown."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.redact import redact, redact_http_logs, short_id
from strategies import ASSET_ID, TASK_ID, texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Unable to read {TASK_ID}.", "Unable to read task 9c2a1f34."),
        (f"{TASK_ID},{ASSET_ID}", "task 9c2a1f34,asset 0b6f0c1e"),
        ("Account studio@example.org is busy", "Account ***@*** is busy"),
        ("?email=sam.doe%2Bx%40mail.example.org&x=1", "?email=***@***&x=1"),
        ("Authorization: Bearer user:4711-abcDEF123", "Authorization: Bearer ***"),
        ("authorization: bearer eyJ0.a.b", "authorization: Bearer ***"),
        ("token user:4711-abcDEF123.", "token ***."),
        ('{"token":"user:4711-abcDEF123"}', '{"token":"***"}'),
        ("https://cdn.example.net/a.mp4?_jwt=aaa.bbb.ccc&x=1", "https://cdn.example.net/a.mp4?_jwt=***&x=1"),
        ("nothing to hide: 5 @ 10", "nothing to hide: 5 @ 10"),
        ("", ""),
    ],
)
def test_secrets_are_masked_and_the_rest_is_kept(text, shown):
    assert redact(text) == shown


@given(texts)
def test_masking_twice_changes_nothing(text):
    assert redact(redact(text)) == redact(text)


@given(texts, texts)
def test_no_surroundings_bring_the_email_of_an_id_out(before, after):
    assert "studio@example.org" not in redact(f"{before} {TASK_ID} {after}")


@given(st.text("abcXYZ019", min_size=1, max_size=12))
def test_every_token_is_masked(tail):
    assert f"user:12-{tail}" not in redact(f"the token user:12-{tail} is wrong")


@pytest.mark.parametrize(
    ("identifier", "shown"), [(TASK_ID, "9c2a1f34"), (ASSET_ID, "0b6f0c1e"), ("abcdefghij", "abcdefgh"), ("", "")]
)
def test_a_short_id_is_eight_safe_characters(identifier, shown):
    assert short_id(identifier) == shown


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "httpcore.connection"])
def test_what_the_http_library_logs_is_masked_once_and_for_all(name, caplog):
    redact_http_logs()
    redact_http_logs()
    with caplog.at_level(logging.DEBUG, logger=name):
        logging.getLogger(name).info("GET %s 100%%", f"https://api.test/tasks/{TASK_ID}?token=user:4711-abcDEF123")
    assert caplog.messages == ["GET https://api.test/tasks/task 9c2a1f34?token=*** 100%"]
    assert "studio" not in str(caplog.records[0].__dict__)
