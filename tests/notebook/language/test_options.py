"""The table of options: parser, help, completion, its page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb import template
from runway_nb.notebook.language import options, parsing
from runway_nb.notebook.magics.commands import line_help
from runway_nb.spec import DEFAULT_MODEL, MODELS
from support.page_tables import TABLES

PAGE = Path(__file__).parents[3] / "docs" / "options.md"


def read(line: str, **variables: object) -> parsing.CellOptions:
    return parsing.parse(line, variables)


def test_an_empty_line_asks_for_nothing() -> None:
    assert read("") == parsing.CellOptions("", {}, ())


def test_every_kind_of_value_is_read() -> None:
    line = (
        "shot --first a.png --zoom -3.5 --seconds 10 --static --aspect=portrait --reply-url 'https://x.test/a b' --wait"
    )
    assert read(line) == parsing.CellOptions(
        "shot",
        {
            "first": "a.png",
            "zoom": -3.5,
            "seconds": 10,
            "static": True,
            "aspect": "portrait",
            "reply_url": "https://x.test/a b",
            "wait": True,
        },
        (),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--zom 3", "--zom is no option: do you mean --zoom?"),
        ("--xyzzy 3", "--xyzzy is no option: see %runway help"),
        ("--zoom", "--zoom needs a value: --zoom N"),
        ("--zoom fast", "--zoom is 'fast': give a number"),
        ("--seconds 5.5", "--seconds is '5.5': give a whole number"),
        ("--zoom 1 --zoom 2", "--zoom is given twice"),
        ("--static=yes", "--static takes no value"),
        ("a b", "one name for the job at most, found 'a' 'b': quote values that hold spaces"),
        ("2nd", "'2nd' cannot be the name of a variable"),
        ("--first 'open", "a quotation mark is left open on the %%runway line: close it"),
        ("--zoom {{z}}", "{{z}} is no variable: define z first"),
    ],
)
def test_a_mistake_is_one_clear_line(line: str, problem: str) -> None:
    assert problem in read(line).problems


@pytest.mark.parametrize(("line", "value"), [("", None), ("--audio", True), ("--no-audio", False)])
def test_a_toggle_is_typed_as_on_and_as_off(line: str, value: bool | None) -> None:
    assert read(line) == parsing.CellOptions("", {} if value is None else {"audio": value}, ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--audio --no-audio", "--audio/--no-audio is given twice"),
        ("--no-audio=yes", "--no-audio takes no value"),
        ("--no-camera-words", "--no-camera-words is no option: do you mean --camera-words?"),
        ("\u2014no-audio", "'\u2014no-audio' is no option: type --no-audio"),
        ("--modle gen4", "--modle is no option: do you mean --model?"),
    ],
)
def test_a_mistake_with_a_toggle_or_a_model_is_one_clear_line(line: str, problem: str) -> None:
    assert read(line).problems == (problem,)


def test_all_mistakes_are_collected() -> None:
    assert len(read("--zom 3 --pan x --seed").problems) == 3


def test_backslashes_of_a_path_stay() -> None:
    assert read(r"--first C:\pictures\a.png").values["first"] == r"C:\pictures\a.png"


def test_variables_are_filled_in_as_they_are() -> None:
    assert read("--zoom {{z}} --first {{ path }}", z=4, path="two words.png").values == {
        "zoom": 4.0,
        "first": "two words.png",
    }


def test_a_variable_is_not_filled_in_twice() -> None:
    problems: list[str] = []
    assert template.fill("a {{x}}", {"x": "{{y}}", "y": "no"}, problems) == "a {{y}}"
    assert not problems


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{U+7B}}{x}}", "{{x}}"),
        ("{{U+7b}}{U+7B}}", "{{U+7B}}"),
        ("{{{x}}}", "{1}"),
        ("a{{ U+20 }}b{{U+A}}", "a b\n"),
        ("{{U+1F600}}{{U+10FFFF}}", "\U0001f600\U0010ffff"),
    ],
)
def test_a_character_may_be_given_by_its_number(text: str, filled: str) -> None:
    problems: list[str] = []
    assert template.fill(text, {"x": 1, "U": 2}, problems) == filled
    assert not problems


def test_a_character_by_its_number_cuts_no_word_of_the_line() -> None:
    assert read("shot --first a{{U+20}}{{ U+22 }}b --seed 7").values == {"first": 'a "b', "seed": 7}


@pytest.mark.parametrize("text", ["{{U+7B}}", "{{x}}", "{{ x }}", "a {{{x}}} b", "{x}", "\n", "{{U+"])
def test_literal_text_stays_as_it_is(text: str) -> None:
    problems: list[str] = []
    assert template.fill(template.literal(text), {"x": 1}, problems) == text
    assert not problems


@pytest.mark.parametrize(
    "text",
    ["{x}", "{ {x} }", "$x", "{{x.y}}", "{{1}}", "{{}}", "f{{{{", "{{U+}}", "{{U+110000}}", "{{U+XY}}", "{{u+7B}}"],
)
def test_anything_else_in_braces_is_left_alone(text: str) -> None:
    problems: list[str] = []
    assert template.fill(text, {"x": 1}, problems) == text
    assert not problems


def test_only_plain_variables_are_filled_in() -> None:
    problems: list[str] = []
    template.fill("{{x}} {{y}}", {"x": [1], "y": print}, problems)
    assert [p.split(":")[0] for p in problems] == ["{{x}} is a list", "{{y}} is a builtin_function_or_method"]


@given(st.text(max_size=60))
def test_any_line_is_read_without_an_exception(line: str) -> None:
    result = parsing.parse(line, {})
    assert isinstance(result.problems, tuple)


@given(st.text())
def test_words_without_references_are_taken_literally(text: str) -> None:
    problems: list[str] = []
    if "{{" not in text:
        assert template.fill(text, {}, problems) == text


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.flag)
def test_every_option_can_be_given(option: options.Option) -> None:
    value = {"number": "1", "whole": "5", "point": "0.5,0.2", "axis": "zoom=-2,2"}.get(
        option.kind, option.choices[0] if option.choices else "x"
    )
    line = f"{option.flag} {value}" if option.takes_value else option.flag
    read_back = read(line)
    assert list(read_back.values) == [option.field]
    assert not read_back.problems


def test_sweep_offers_every_option_of_a_request() -> None:
    assert options.completions("%%runway --sweep ", "") == [f"{option.field}=" for option in options.OF_REQUEST]


def test_help_names_every_option() -> None:
    for option in options.OPTIONS:
        assert option.usage in options.cell_help()


def test_help_names_the_choices_of_options() -> None:
    text = " ".join(options.cell_help().split())
    for words in ("--fit F", "--focus X,Y", "--upscale", "cover, contain, stretch", "Out[n]", "shot.last", *MODELS):
        assert words in text


def test_help_fits_a_page() -> None:
    for line in f"{options.cell_help()}\n{line_help()}".splitlines():
        assert len(line) <= 104, line


def test_its_page_holds_the_table_as_it_is() -> None:
    table = TABLES["options"]()
    assert table in PAGE.read_text(encoding="utf-8"), f"make docs writes the table, which is now\n{table}"


@pytest.mark.parametrize(
    ("line", "symbol", "expected"),
    [
        ("%%runway --zo", "--zo", ["--zoom"]),
        ("%%runway --aspect ", "", ["landscape", "portrait", "16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
        ("%%runway --aspect po", "po", ["portrait"]),
        ("%%runway --zoom 3 --zo", "--zo", []),
        ("%%runway --upsc", "--upsc", ["--upscale"]),
        ("%%runway --fit ", "", ["cover", "contain", "stretch"]),
        ("%%runway --fit=c", "c", ["cover", "contain"]),
        ("%%runway --f", "--f", ["--first", "--fit", "--focus", "--fresh", "--force"]),
        ("%%runway --model ", "", list(MODELS)),
        ("%%runway --model=gen4", "gen4", ["gen4turbo", "gen4", "gen4_5"]),
        ("%%runway --model gen4turbo --aspect ", "", ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
        ("%%runway --aspect l", "l", ["landscape"]),
        ("%%runway --model gen4turbo --aspect l", "l", []),
        ("%%runway --model veo-3.1 --seconds ", "", ["4", "6", "8"]),
        ("%%runway --model=sora-2 --seconds=1", "1", ["12"]),
        ("%%runway --model seedance-2 --resolution ", "", ["480p", "720p", "1080p"]),
        ("%%runway --resolution ", "", ["480p", "720p", "1080p"]),
        ("%%runway --seconds 1", "1", [str(number) for number in (10, 11, 12, 13, 14, 15, 16, 17, 18, 19)]),
        ("%%runway --model nonsense --resolution 7", "7", ["720p"]),
        ("%%runway --aud", "--aud", ["--audio"]),
        ("%%runway --n", "--n", ["--no-audio"]),
        ("%%runway --no-audio --aud", "--aud", []),
        ("%%runway --yes", "--yes", ["--yes", "--yes-unknown-price"]),
        ("%%runway --sweep zoom=1,2 --sw", "--sw", ["--sweep"]),
        ("%%runway --sweep zo", "zo", ["zoom="]),
        ("%%runway --sweep zoom=1,2 --sweep se", "se", ["seconds=", "seed="]),
    ],
)
def test_completion(line: str, symbol: str, expected: list[str]) -> None:
    assert options.completions(line, symbol) == expected


def test_completion_offers_what_the_model_of_the_settings_has() -> None:
    assert options.completions("%%runway --aspect ", "", "gen3turbo") == ["landscape", "portrait"]
    assert options.completions("%%runway --model gen4 --seconds ", "", "veo-3.1") == ["5", "10"]


def test_a_model_of_ones_own_is_offered_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = DEFAULT_MODEL._replace(name="mine", title="Mine", seconds=(3, 7), aspects={"2:1": (1024, 512)})
    monkeypatch.setitem(MODELS, "mine", mine)
    assert options.completions("%%runway --model m", "m") == ["mine"]
    assert options.completions("%%runway --model mine --seconds ", "") == ["3", "7"]
    assert "2:1" in options.completions("%%runway --aspect ", "")
    assert "mine" in options.cell_help()


@pytest.mark.parametrize("text", ["0.5", "0.5,x", "1,2,3", ","])
def test_a_place_that_is_none_says_what_to_give(text: str) -> None:
    (problem,) = read(f"--focus {text}").problems
    assert problem == f"--focus is {text!r}: give two numbers, such as 0.5,0.2"
