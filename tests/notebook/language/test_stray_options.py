"""Options and magics below the first line of a cell: refused with the line that would be right, never paid."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runway_nb.notebook.language import options
from runway_nb.notebook.language.cell_source import cell_text, request_of_cell
from runway_nb.notebook.language.stray_options import literal_prompt, stray_problem
from runway_nb.request import VideoRequest
from runway_nb.template import fill

FLAGS = list(options.BY_FLAG)
PIECES = [*FLAGS, "--zoom=4", "\u2014zoom", "zoom=4", "-pan", "4", "in", "A lamp", "\n", " ", "\\", "%%runway",
          "%%time", "%runway", "\u200b", '"', "'", "\u201c", "{{x}}", "--at", "\u2028", "%", "-"]  # fmt: skip


def value_of(option: options.Option) -> str:
    samples = {"number": "-2.5", "whole": "10", "point": "0.5,0.2", "axis": 'style=noir,"ink, wet"'}
    samples |= {"switch": "", "toggle": ""}
    return samples.get(option.kind, option.choices[0] if option.choices else "x.png")


@pytest.mark.parametrize(
    ("line", "body", "right"),
    [
        ("b --dry-run", "--zoom 4 --seconds 10\nA lamp", "b --dry-run --zoom 4 --seconds 10"),
        ("b --dry-run", "--zoom 4\n--seconds 10\nA lamp", "b --dry-run --zoom 4 --seconds 10"),
        ("b", "\n \n\t--zoom 4\n\n--seconds=10 --wait\nA lamp", "b --zoom 4 --seconds 10 --wait"),
        ("", "--zoom\n4\n--static\nA lamp", "--zoom 4 --static"),
        ("", "--zoom 4 \\\n--seconds 10 \\\nA lamp", "--zoom 4 --seconds 10"),
        ("a --dry-run \\", "    --zoom 4 --seconds 10\nA lamp", "a --dry-run --zoom 4 --seconds 10"),
        ("a \\", "--zoom 4 \\\n--seconds 10\nA lamp", "a --zoom 4 --seconds 10"),
        ("c --dry-run --zoom 4 \\", "A lamp", "c --dry-run --zoom 4"),
        ("c --zoom 4\\", "A lamp", "c --zoom 4"),
        ("", "--first \u201ctwo words.png\u201d\nA lamp", '--first "two words.png"'),
        ("", "--seed {{n}}\nA lamp", "--seed {{n}}"),
        ("", "--zoom 4 A lamp", "--zoom 4"),
        ("", "\u2014zoom 4 \u2014seconds 10\nA lamp", "--zoom 4 --seconds 10"),
        ("", "--ZOOM 4\nA lamp", "--zoom 4"),
        ("", "zoom=4\nA lamp", "--zoom 4"),
        ("", "\ufeff--zoom \u22124\nA lamp", "--zoom \u22124"),
        ("", "A lamp\n--zoom 4 --dry-run", "--zoom 4 --dry-run"),
        ("", "A lamp\n--dry-run\nturns", "--dry-run"),
        ("", "A lamp --dry-run", "--dry-run"),
        ("", "A lamp turns --zoom 4 --seconds 10", "--zoom 4 --seconds 10"),
        ("", "--dry-run\u2028A lamp", "--dry-run"),
        ("", "shot --zoom 4\nA lamp", "--zoom 4"),
        ("", "A lamp --zoom 4\nturns --wait", "--zoom 4 --wait"),
    ],
)
def test_a_cell_is_refused_with_the_line_that_would_be_right(line: str, body: str, right: str) -> None:
    told = stray_problem(line, body)
    assert re.search(rf": write %%runway {re.escape(right)}(?= \(a prompt|$)", told), told
    assert "\n" not in told


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.flag)
def test_every_option_is_seen_below_the_first_line(option: options.Option) -> None:
    typed = f"{option.flag} {value_of(option)}".strip()
    assert f"write %%runway shot {typed} (a prompt" in stray_problem("shot", f"{typed}\nA lamp")
    assert option.flag in stray_problem("shot", f"A lamp\n{typed}")


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("", "--zoom in on the lamp"),
        ("", "--seconds ten\nA lamp"),
        ("", "--reply-ref\nA lamp at dusk"),
        ("--zoom 3", "--zoom 4\nA lamp"),
        ("--zom 3", "--zoom 4\nA lamp"),
        ("--seed", "--zoom 4\nA lamp"),
    ],
)
def test_where_no_line_would_be_right_the_place_of_options_is_told(line: str, body: str) -> None:
    told = stray_problem(line, body)
    assert "write all options at the end of the first line (a prompt that holds this word writes it {{U+2D}}-" in told


@pytest.mark.parametrize(
    "body",
    [
        "", "A lamp", "- A lamp", "-- A lamp", "--- A lamp ---", "\u2014 At dusk", "\u2014Static lights on the sea",
        "\u2013 zoom in", "A lamp --at dusk-- by the sea", "--at dusk-- a lamp", "zoom 4 times", "Zoom in, pan left",
        "A sign that says --static in neon", "the --zoom 4 of a camera", "100 %% sure", "%5 of it", "50% off", "a=b",
        '"--zoom" is written on it', "-4 degrees outside", "{{U+2D}}-zoom 4", "zoom=wide", "A voice \u2014static",
        "A path C:\\lamps\\", "!ls", "seconds: 10",
    ],
)  # fmt: skip
def test_a_prompt_is_a_prompt(body: str) -> None:
    assert stray_problem("shot --wait", body) == ""


@pytest.mark.parametrize(
    "line", ["", "shot", "--first 'C:\\lamps\\'", "--first \u201cC:\\lamps\\\u201d", "--first 'open \\"]
)
def test_a_first_line_that_ends_is_not_continued(line: str) -> None:
    assert stray_problem(line, "A lamp") == ""


@pytest.mark.parametrize(
    ("body", "magic"),
    [
        ("%%runway b --zoom 4\nA lamp", "%%runway"),
        ("\n\n  %%runway\nA lamp", "%%runway"),
        ("A lamp\n\n%%runway b\nAnother lamp", "%%runway"),
        ("%%time\nA lamp", "%%time"),
        ("\ufeff%%capture out\nA lamp", "%%capture"),
        ("A lamp\n%runway list", "%runway"),
        ("%load_ext runway_nb\nA lamp", "%load_ext"),
    ],
)
def test_a_magic_in_the_prompt_is_refused(body: str, magic: str) -> None:
    assert stray_problem("shot", body).startswith(f"{magic} stands in the prompt: put it into a cell of its own")


@example(["\u200b", "%%time"])
@example(['"', "--zoom", '"', " ", "4"])
@example(["--first", '"', " ", "4", "\n", '"'])
@example(["zoom=4", "\u2028", "--wait"])
@example(["--zoom", "\\"])
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8))
def test_any_prompt_can_be_written_so_that_it_is_one(pieces: list[str]) -> None:
    prompt = "".join(pieces)
    problems: list[str] = []
    assert stray_problem("shot", literal_prompt(prompt)) == ""
    if "{{" not in prompt:
        assert fill(literal_prompt(prompt), {}, problems) == prompt
        assert not problems


@given(st.text(max_size=40), st.text(max_size=60))
def test_any_cell_is_read(line: str, body: str) -> None:
    assert "\n" not in stray_problem(line, body)


@pytest.mark.parametrize("prompt", ["--zoom 4 --seconds 10", "%%runway b\nA lamp", "A lamp --dry-run", "\u2014zoom 4"])
def test_a_prompt_that_reads_like_options_comes_back_from_its_cell(prompt: str) -> None:
    request = VideoRequest(prompt)
    assert request_of_cell(cell_text(request)) == request


def test_a_cell_with_options_in_its_prompt_is_no_request() -> None:
    assert request_of_cell("%%runway\n--zoom 4\nA lamp") is None
    assert request_of_cell("%%runway shot \\\nA lamp") is None


ADVICE = re.compile(r"\(a prompt that holds this word writes it (\{\{U\+[0-9A-F]+\}\}.*)\)$", re.DOTALL)


def advised(told: str) -> tuple[str, str]:
    """What the message says a word is to be replaced by, and the word."""
    match = ADVICE.search(told)
    assert match, told
    return match[1], fill(match[1], {}, [])


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ("The first rule: seed=7", "{{U+73}}eed=7"),
        ("The first rule: SEED=7", "{{U+53}}EED=7"),
        ("A lamp \u2014zoom 4", "{{U+2014}}zoom"),
        ("A lamp -zoom 4", "{{U+2D}}zoom"),
        ("--ZOOM 4\nA lamp", "{{U+2D}}-ZOOM"),
        ("A lamp --zoom=4", "{{U+2D}}-zoom=4"),
        ("A lamp\n--first 'two words.png'", "{{U+2D}}-first"),
        ("A lamp --first='two words.png'", "{{U+2D}}-first='two"),
        ("A lamp --reply-url=https://x.test/" + "x" * 60, "{{U+2D}}-reply-url"),
        ("--zoom in on the lamp", "{{U+2D}}-zoom"),
        ("--zoom\n4\nA lamp", "{{U+2D}}-zoom"),
        ("A lamp --z\u200boom 4", "{{U+2D}}-z\u200boom"),
        ("A lamp \ufeff--zoom 4", "{{U+FEFF}}--zoom"),
        ("%%time\nA lamp", "{{U+25}}%time"),
        ("A lamp\n%runway list", "{{U+25}}runway"),
    ],
)
def test_the_advice_is_the_word_as_it_was_typed(body: str, advice: str) -> None:
    assert advised(stray_problem("shot", body))[0] == advice
    assert advised(stray_problem("shot", body))[1] in body


@example(["The first rule: ", "seed=7"])
@example(["A lamp ", "\u2014zoom", " ", "4"])
@example(["\u200b", "--zoom", " ", "4"])
@example(["zoom=4", " ", "zoom=4x", "\n", "zoom=4"])
@given(st.lists(st.sampled_from([*PIECES, "-zoom", "seed=7", "--Seed", "7"]) | st.text(max_size=3), max_size=8))
def test_following_the_advice_gives_exactly_the_typed_prompt(pieces: list[str]) -> None:
    prompt = written = "".join(piece for piece in pieces if "{{" not in piece)
    for _ in range(len(prompt) + 1):
        told = stray_problem("shot", written)
        if not told:
            break
        advice, word = advised(told)
        start = re.compile(rf"(?<!\S){re.escape(word)}").search(written)
        assert start, (told, written)
        written = written[: start.start()] + advice + written[start.end() :]
    assert stray_problem("shot", written) == ""
    assert fill(written, {}, []) == prompt
