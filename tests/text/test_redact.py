"""What may be shown."""

from __future__ import annotations

import base64
import html
import json
import logging
import sys
import threading
import timeit
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.redaction import (
    BODY,
    LINE,
    LOGGERS,
    addresses,
    know_address,
    know_id,
    know_token,
    mask_tokens,
    redact,
    redact_cell,
    redact_http_logs,
    redact_line,
    short_id,
    without_secrets,
)
from runway_nb.text import known_secrets
from support.strategies import ASSET_ID, TASK_ID, texts


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
        ("token USER:4711-abcDEF123.", "token ***."),
        ("token u\u017fer:4711-abcDEF123.", "token ***."),
        ("%%runway for sam@ma%C2%ADil.example.org, 5%u", "%%runway for ***@***, 5%u"),
        ('{"token":"user:4711-abcDEF123"}', '{"token":"***"}'),
        ("https://cdn.example.net/a.mp4?_jwt=aaa.bbb.ccc&x=1", "https://cdn.example.net/a.mp4?_jwt=***&x=1"),
        ("nothing to hide: 5 @ 10", "nothing to hide: 5 @ 10"),
        ("", ""),
    ],
)
def test_secrets_are_masked_and_the_rest_is_kept(text, shown) -> None:
    assert redact(text) == shown


@given(texts)
def test_masking_twice_changes_nothing(text) -> None:
    assert redact(redact(text)) == redact(text)


@given(texts, texts)
def test_no_surroundings_bring_the_email_of_an_id_out(before, after) -> None:
    assert "studio@example.org" not in redact(f"{before} {TASK_ID} {after}")


@given(st.text("abcXYZ019", min_size=1, max_size=12))
def test_every_token_is_masked(tail) -> None:
    assert f"user:12-{tail}" not in redact(f"the token user:12-{tail} is wrong")


@pytest.mark.parametrize(
    ("identifier", "shown"), [(TASK_ID, "9c2a1f34"), (ASSET_ID, "0b6f0c1e"), ("abcdefghij", "abcdefgh"), ("", "")]
)
def test_a_short_id_is_eight_safe_characters(identifier, shown) -> None:
    assert short_id(identifier) == shown


@pytest.mark.parametrize("form", ["sam@ma{}il.example.org x", "user:47{}11-abcDEF123 x", "{}sam@mail.example.org x"])
def test_a_text_in_ascii_is_looked_through_as_any_other(form) -> None:
    for number in range(128):
        text = form.format(chr(number))
        assert redact(text) + "\u00f6" == redact(text + "\u00f6"), repr(text)


# --- what this process knows, in any spelling -------------------------------------------------------

KNOWN_TOKEN = "user:90210-Q7wertyKEY55"
TAIL = KNOWN_TOKEN.partition("-")[2]
KNOWN_EMAIL = "grace.h@mill.example"
ODD_EMAIL = "o!dd@localhost"
"""By its form nobody would take it for an address."""


@pytest.fixture(autouse=True)
def _known_secrets() -> None:
    know_token(KNOWN_TOKEN)
    for address in (KNOWN_EMAIL, ODD_EMAIL, "jörg@müller.example"):
        know_address(address)


def _wide(text):
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def _in_base64(text: str, before: int, encode: Callable[[bytes], bytes] = base64.b64encode) -> str:
    return encode(b"x" * before + text.encode() + b"yy").decode()


def _in_base64_without_padding(text: str, before: int) -> str:
    return _in_base64(text, before).rstrip("=")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "small": str.lower,
    "percent": lambda text: quote(text, safe=""),
    "percent, every letter": lambda text: "".join(f"%{ord(letter):02x}" for letter in text),
    "percent, large hex": lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    "percent, in part": lambda text: text[:3] + "".join(f"%{ord(letter):02x}" for letter in text[3:6]) + text[6:],
    "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "entities in hex": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "entities of entities": lambda text: html.escape("".join(f"&#{ord(letter)};" for letter in text)),
    "named entities": lambda text: text.replace("@", "&commat;").replace(".", "&period;").replace(":", "&colon;"),
    "JSON": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "JSON of JSON": lambda text: json.dumps("".join(f"\\u{ord(letter):04x}" for letter in text))[1:-1],
    "bytes": lambda text: "".join(f"\\x{ord(letter):02x}" for letter in text),
    "wide": _wide,
    "hidden inside": "\u200b".join,
    "joiners inside": "\u200d".join,
    "controls inside": "\x00\x1b[0m".join,
    "signs of direction inside": "\u202e".join,
    "soft hyphens inside": "\u00ad".join,
    "hex": lambda text: text.encode().hex(),
    "hex after a digit": lambda text: f"7{text.encode().hex()}",
    "hex after a word": lambda text: f"id_{text.encode().hex()}",
    "hex, two by two": lambda text: text.encode().hex(":"),
    "hex of a long text": lambda text: f"{'.' * 40}{text}".encode().hex() + " word",
    **{f"base64 after {n}": partial(_in_base64, before=n) for n in range(4)},
    **{f"url-safe after {n}": partial(_in_base64, before=n, encode=base64.urlsafe_b64encode) for n in range(3)},
    **{f"no padding after {n}": partial(_in_base64_without_padding, before=n) for n in range(3)},
    "base64 alone": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in capitals": lambda text: base64.b64encode(text.upper().encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 in a path": lambda text: f"https://a.test/b/{base64.urlsafe_b64encode(text.encode()).decode()}/c",
    "base64 with percent": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "base64 of percent": lambda text: base64.b64encode(quote(text, safe="").encode()).decode(),
    "base64 of base64": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 in lines": lambda text: base64.encodebytes(
        b"what stands before the break of the line......" + text.encode()
    ).decode(),
    "entities with zeros": lambda text: "".join(f"&#{ord(letter):09d};" for letter in text),
    "entities in hex with zeros": lambda text: "".join(f"&#x{ord(letter):08x};" for letter in text),
    "JavaScript's escape": lambda text: "".join(f"%u{ord(letter):04x}" for letter in text),
    "braces": lambda text: "".join(f"\\u{{{ord(letter):x}}}" for letter in text),
    "long escapes": lambda text: "".join(f"\\U{ord(letter):08x}" for letter in text),
    "octal": lambda text: "".join(f"\\{ord(letter):03o}" for letter in text),
    "backslashes": lambda text: text.replace("@", "\\@").replace(".", "\\.").replace("-", "\\-"),
}
SECRETS = [KNOWN_TOKEN, KNOWN_TOKEN.partition(":")[2], TAIL, KNOWN_EMAIL, ODD_EMAIL]
SPELLING = st.sampled_from(sorted(SPELLINGS))


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", SECRETS)
def test_what_is_known_is_masked_in_any_spelling(secret, spelling) -> None:
    spelt = SPELLINGS[spelling](secret)
    for text in (spelt, f"Error: {spelt}.", f"id={spelt}&x=1", f'{{"a":"{spelt}"}}'):
        shown = redact(text)
        assert "***" in shown
        assert spelt not in shown
        assert spelt.strip("=") not in shown
        assert TAIL.lower() not in shown.lower()
        assert redact(shown) == shown


@given(
    st.lists(
        st.one_of(texts, st.builds(lambda secret, spell: SPELLINGS[spell](secret), st.sampled_from(SECRETS), SPELLING)),
        max_size=4,
    ).map("".join)
)
def test_the_quick_look_misses_nothing_that_the_whole_search_finds(text) -> None:
    quick = (redact(text), mask_tokens(text), addresses(text))
    with pytest.MonkeyPatch.context() as whole:
        whole.setattr(known_secrets.Known, "may_be_in", lambda self, data: True)
        assert quick == (redact(text), mask_tokens(text), addresses(text))


@given(st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_bytes_with_a_secret_in_them_pass_the_quick_look(before, after, data) -> None:
    code, _ = data.draw(st.sampled_from(known_secrets.known().codes))
    assert known_secrets.known().may_be_in((before + code + after).lower())


def test_a_token_is_known_by_its_own_value_alone() -> None:
    assert redact("user:90210 sent 90210 pictures of a Q7 key") == "user:90210 sent 90210 pictures of a Q7 key"


@pytest.mark.parametrize(
    "text",
    [
        "jörg@müller.example",
        "JÖRG@MÜLLER.EXAMPLE",
        "jörg@xn--mller-kva.example",
        "jo\u0308rg@mu\u0308ller.example",
        "j%C3%B6rg%40m%c3%bcller.example",
        "j&ouml;rg&commat;m&uuml;ller.example",
    ],
)
def test_an_address_is_known_in_both_forms_of_its_domain(text) -> None:
    assert redact(text) == "***@***"


@pytest.mark.parametrize(
    "text",
    [
        "sam+tag@mail.example",
        "sam%2Btag@mail.example",
        "SAM@MAIL.EXAMPLE",
        "sam&#64;mail.example",
        "sam%2540mail%252Eexample",
        "sam\uff20mail\u3002example",
        '"sam doe"@mail.example',
        "sam@[192.0.2.1]",
    ],
)
def test_an_address_nobody_knows_is_masked_by_its_form(text) -> None:
    assert redact(f"of {text}") == "of ***@***"


@pytest.mark.parametrize(
    "word", ["user:1-simulator", "user:4711", "user:4711-", "user:42-other", "password", "", TASK_ID, ASSET_ID]
)
def test_an_ordinary_word_is_no_secret_though_somebody_took_it_for_a_token(word) -> None:
    know_token(word)
    text = f"The simulator has other words, 4711 of them: password, {TASK_ID}"
    assert mask_tokens(text) == text


@given(texts)
def test_a_text_without_secrets_comes_back_as_it_is(text) -> None:
    plain = text.replace("@", "").replace(":", "")
    for kept in (plain, f"{plain}\u2028\x07\u202e", "a long one, " * 5_000):
        assert without_secrets(kept) == kept


def test_of_a_text_only_its_secrets_go() -> None:
    text = f"{TASK_ID}\u2028of sam@example.org\x07 https://a.example/b?token=abc123 {KNOWN_TOKEN}" + " x" * 20_000
    uuid = TASK_ID.rpartition(":")[2][:8]
    assert without_secrets(text) == f"{uuid}\u2028of ***@***\x07 https://a.example/b?token=*** ***" + " x" * 20_000
    assert without_secrets(without_secrets(text)) == without_secrets(text)


def test_what_is_known_does_not_grow_without_end() -> None:
    for number in range(2 * known_secrets.ADDRESSES):
        know_address(f"a{number}@flood.example")
        know_token(f"user:{number}-flood{number:08}Key")
    assert len(known_secrets.known().addresses) <= known_secrets.ADDRESSES
    assert len(known_secrets.known().tokens) <= known_secrets.TOKENS
    know_token(KNOWN_TOKEN)
    assert redact(f"x {TAIL} x") == "x *** x"


def test_secrets_may_come_from_many_threads_at_once() -> None:
    def work(number):
        for at in range(20):
            know_address(f"t{number}-{at}@threads.example")
            redact(f"{KNOWN_TOKEN} {at}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"t{n}-{at}@threads.example" for n in range(6) for at in range(20)} <= set(known_secrets.known().addresses)


@pytest.mark.parametrize(
    "identifier",
    [
        "user:1-runwayml:ids@seen.example-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33",
        "user:4711-runwayml:ids@seen.example-video:1",
        "x ids@seen.example x",
    ],
)
def test_the_address_of_an_id_is_known_from_then_on(identifier) -> None:
    know_id(identifier)
    assert "***" in redact(base64.b64encode(b"ids@seen.example").decode())


def test_addresses_are_found_where_they_are_written() -> None:
    text = "of sam%40mail.example, https://me:pw@host/x"
    assert [text[start:end] for start, end in addresses(text)] == ["sam%40mail.example", "me:pw"]


def test_an_id_stays_whole_where_tokens_are_masked() -> None:
    assert mask_tokens(f"{TASK_ID} {KNOWN_TOKEN} {TAIL.upper()}") == f"{TASK_ID} *** ***"


# --- addresses with a key ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:secret@api.example/v1", "https://***@api.example/v1"),
        ("http://me:p@ss:w#o?rd@proxy:3128", "http://***@proxy:3128"),
        ("HTTPS_PROXY=socks5://me@proxy", "HTTPS_PROXY=socks5://***@proxy"),
        ("https%3A%2F%2Fme%3Asecret%40host", "https%3A%2F%2F***@host"),
        ("https://cdn.test/a?X-Amz-Signature=abc&w=1", "https://cdn.test/a?X-Amz-Signature=***&w=1"),
        ("https://cdn.test/a?w=1&amp;token=abc", "https://cdn.test/a?w=1&amp;token=***"),
        ('{"password": "hunter2", "email": "x"}', '{"password": "***", "email": "x"}'),
        ("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl", "***"),
        ("https://host/path?x=1 and 16:9@60", "https://host/path?x=1 and 16:9@60"),
    ],
)
def test_a_link_keeps_its_place_and_loses_its_key(text, shown) -> None:
    assert redact(text) == shown


# --- control characters and length ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x9b31mred", "ared"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://evil.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2;0\x1b\\sixel", "sixel"),
        ("\x1bcreset \x1b(B", "reset "),
        ("\x1b]never ends", "never ends"),
        ("nul\0 del\x7f bell\a back\b", "nul del bell back"),
        ("c1 \x80\x84\x86\x9d\x9f.", "c1 ."),
        ("one\r\ntwo\rthree\ttab\n", "one\ntwo three\ttab\n"),
        ("next\x85line\u2028and\u2029more\x0b\x0c", "next line and more  "),
        ("\u202eevil\u202c \u2066x\u2069 \u200e\u200f\u061c", "evil x "),
        ("tags \U000e0001\U000e0041 \ufff9a\ufffab\ufffb \ufeff\u2060", "tags  ab "),
        ("half \ud83d characters \udc00", "half ? characters ?"),
    ],
)
def test_what_acts_on_a_screen_is_taken_out(text, shown) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL} and \N{WAVING WHITE FLAG}\ufe0f\u200d\N{RAINBOW}",
        "\N{WAVING BLACK FLAG}\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f of England",
        "می\u200cخواهم שלום עולם, مرحبا",
        "क्\u200dष ภาษาไทย 日本語、中文。",
        "50%20 off, 100% of 5 @ 10 & more; a bearer of news \\u and %zz",
        "job:7f3e2c54@2.5 --sweep seed=1,2 C:\\users\\new a/b 16:9@60fps",
        "photorealistic internationalization supercalifragilistic 0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11",
        "\ttabs\nand lines\n",
    ],
)
def test_ordinary_text_stays_as_it_is(text) -> None:
    assert redact(text) == text


@given(
    st.text(
        st.characters(categories=["L", "N", "P", "Zs", "So"], exclude_characters="@:%&\\=\u2024\u3002"), max_size=80
    )
)
def test_letters_signs_and_emoji_of_any_script_stay(text) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("length", [BODY - 1, BODY, BODY + 1, BODY + 5000, 10**6])
def test_a_text_has_an_end(length) -> None:
    shown = redact("x" * length)
    assert len(shown) == min(length, BODY)
    assert shown.endswith("\N{HORIZONTAL ELLIPSIS}") == (length > BODY)


def test_a_line_is_one_and_has_an_end() -> None:
    assert redact_line("two\n lines \t here\r\n") == "two lines here"
    assert len(redact_line("x " * 10_000)) == LINE
    assert redact_line("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    "secret", [KNOWN_TOKEN, TAIL, KNOWN_EMAIL, TASK_ID, base64.b64encode(KNOWN_EMAIL.encode()).decode()]
)
@pytest.mark.parametrize("end", [10, 60, BODY])
def test_no_part_of_a_secret_is_left_at_an_end(secret, end) -> None:
    for before in range(end - len(secret) - 2, end + 2):
        text = "." * before + secret + "." * 40
        shown = redact_line(text, end) if end < BODY else redact(text)
        assert secret[:5] not in shown
        assert "grace" not in shown


def test_a_text_of_any_size_takes_little_time() -> None:
    hostile = ("user:1-runwayml:", "@", "a@", "a@b.", "%25", "%c3", "://", "A", "\x1b]", "&amp;", "bearer ",
               '"token":', "\\",
               "eyJ", "&sig=", "a.", "\u200b", "\uff20", KNOWN_TOKEN, KNOWN_EMAIL)  # fmt: skip
    for text in (piece * (10**6 // len(piece)) for piece in hostile):
        assert timeit.timeit(partial(redact, text), number=1) < 1.0, text[:20]


PIECES = [
    *(KNOWN_TOKEN, KNOWN_EMAIL, TASK_ID, TAIL, base64.b64encode(KNOWN_TOKEN.encode()).decode()),
    *("user:", "90210-", "@", "mill.example", "runwayml:", "-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33", "task"),
    *("%40", "%25", "40", "&#64;", "&#6", "4;", "\\u0040", "\uff20", "\u200b", "\u202e", "\ud800"),
    *("\x1b[", "\x1b]", "\a", "m", "\r", "\n", " ", ".", "-", "x", "7", "***", "\N{HORIZONTAL ELLIPSIS}"),
    *("://", "https://", "a:b@", "bearer ", "eyJabcdefgh.", "_jwt=", "?sig=", "&", "=", '"token":"', '"'),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(4, 60))
def test_what_went_through_the_door_goes_through_again(text, limit) -> None:
    shown, line = redact(text), redact_line(text, limit)
    assert redact(shown) == shown
    assert redact_line(line, limit) == line
    assert len(line) <= limit
    for secret in (KNOWN_EMAIL, TAIL.lower()):
        assert secret not in shown.lower()


def test_a_cell_keeps_what_can_be_typed_again() -> None:
    cell = f"%%runway --first {ASSET_ID} --reply-url https://me:pw@hooks.example/r\n\x1b[2Jof {KNOWN_EMAIL}\n"
    assert redact_cell(cell) == "%%runway --first 0b6f0c1e --reply-url https://***@hooks.example/r\nof ***@***\n"


@pytest.mark.parametrize(
    "identifier", [TASK_ID.upper(), quote(TASK_ID, safe=""), f"x{KNOWN_EMAIL}", "\x1b[31m", KNOWN_TOKEN]
)
def test_no_short_id_holds_a_secret(identifier) -> None:
    assert not {"studio", "STUDIO", "grace", "\x1b", "90210"} & {short_id(identifier)[at : at + 6] for at in range(3)}
    assert len(short_id(identifier)) <= 8
    assert "@example" not in short_id(identifier)


# --- logs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOGGERS)
def test_what_is_logged_is_masked_with_its_error_and_its_stack(
    name, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    redact_http_logs()
    logger = logging.getLogger(name)
    # a server that has run in this process may have changed where this one's records go
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    with caplog.at_level(logging.DEBUG, logger=name):
        try:
            raise ValueError(f"no {KNOWN_TOKEN} of {KNOWN_EMAIL}\x1b[2J")
        except ValueError:
            logger.exception("headers %r", [(b"Authorization", f"Bearer {KNOWN_TOKEN}".encode())], stack_info=True)
        logger.debug("%d %s", "not a number", KNOWN_TOKEN)
        logger.debug({"a": KNOWN_EMAIL})
    text = caplog.text + str([record.__dict__ for record in caplog.records])
    assert len(caplog.records) == 3
    assert "ValueError: no *** of ***@***" in text
    assert not [secret for secret in (TAIL, KNOWN_EMAIL, "\x1b") if secret in text]


def test_every_logger_of_the_http_libraries_is_known() -> None:
    pytest.importorskip("httpcore")
    import httpx

    httpx.AsyncClient(http2=False).is_closed  # noqa: B018 - whatever logs is imported by now
    logging_modules = {name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("httpx", "httpcore")}
    assert {name for name in logging_modules if "." in name or name == "httpx"} <= set(LOGGERS)
    assert not [name for name in sys.modules if name.startswith("httpcore._async.") and name.count(".") > 3]


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "httpcore.connection"])
def test_what_the_http_library_logs_is_masked_once_and_for_all(name, caplog: pytest.LogCaptureFixture) -> None:
    redact_http_logs()
    redact_http_logs()
    with caplog.at_level(logging.DEBUG, logger=name):
        logging.getLogger(name).info("GET %s 100%%", f"https://api.test/tasks/{TASK_ID}?token=user:4711-abcDEF123")
    assert caplog.messages == ["GET https://api.test/tasks/task 9c2a1f34?token=*** 100%"]
    assert "studio" not in str(caplog.records[0].__dict__)
