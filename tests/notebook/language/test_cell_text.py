"""The cell of a request: run, it gives the request again. It is read by IPython itself and by the magic."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runway_nb import template
from runway_nb.camera import MOVES, Camera
from runway_nb.errors import InvalidRequest
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.language import options, parsing
from runway_nb.notebook.language.cell_source import (
    cell_text,
    job_cell,
    job_cells,
    joined_cells,
    request_of_cell,
    with_model,
)
from runway_nb.redaction import short_id
from runway_nb.request import VideoRequest
from runway_nb.spec import DEFAULT_MODEL, MODELS, Model
from support.cells import run, typed
from support.strategies import ASSET_ID, EMAIL, TASK_ID, UUID, requests, requests_of

SEPARATORS = "\n\r\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\xa0\u3000\u200b\x00\x7f"


def line_of(request: VideoRequest, name: str = "", **pictures: str) -> str:
    return cell_text(request, name, pictures=pictures).partition("\n")[0]


def first(picture: Any, **more: Any) -> VideoRequest:
    return VideoRequest("a lamp", Keyframes(first=picture), **more)


# --- what it looks like -----------------------------------------------------------------------------


def test_a_prompt_alone() -> None:
    assert cell_text(VideoRequest("A lamp turns.")) == "%%runway\nA lamp turns."


def test_everything_stands_in_the_order_of_the_options() -> None:
    request = VideoRequest(
        prompt="A lamp turns.\nThe harbour sleeps.",
        keyframes=Keyframes("lamp.png", "job:7f3e2c54@2.5", "sea side"),
        camera=Camera(horizontal=4.0, vertical=-2.5, zoom=0, pan=0.1, tilt=-10, roll=1e-07),
        aspect="portrait", seconds=10, seed=4294967294, explore=True, reply_url="https://x.test/?a=1&b=2",
        reply_ref="mine", max_jobs=3, fit="contain", focus=(0.5, 0.2), upscale=True,
    )  # fmt: skip
    assert cell_text(request, "shot") == (
        "%%runway shot --first lamp.png --middle job:7f3e2c54@2.5 --last \"sea side\" --fit contain --focus 0.5,0.2 "
        "--upscale --aspect portrait --seconds 10 --seed 4294967294 --horizontal 4 --vertical -2.5 --roll 1e-07 "
        "--zoom 0 --pan 0.1 --tilt -10 --explore --reply-url https://x.test/?a=1&b=2 --reply-ref mine --max-jobs 3\n"
        "A lamp turns.\nThe harbour sleeps."
    )  # fmt: skip
    flags = [word for word in shlex.split(line_of(request)) if word.startswith("--")]
    assert flags == [option.flag for option in options.OPTIONS if option.flag in flags]
    assert run(cell_text(request, "shot")) == ("shot", request)


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        (Camera(static=True), "--static"),
        (Camera(static=False), ""),
        (Camera(zoom=4.0), "--zoom 4"),
        (Camera(zoom=-0.0), "--zoom 0"),
        (Camera(zoom=0.1 + 0.2), "--zoom 0.30000000000000004"),
        (Camera(tilt=-5e-324), "--tilt -5e-324"),
    ],
)
def test_a_camera_is_written_short(camera: Camera, words: str) -> None:
    assert line_of(VideoRequest("x", camera=camera)) == f"%%runway {words}".strip()


def test_a_cell_without_words_has_a_body_all_the_same() -> None:
    request = VideoRequest("", Keyframes(first="lamp.png"))
    assert cell_text(request) == "%%runway --first lamp.png\n\n"
    assert run(cell_text(request)) == ("", request)
    assert run(cell_text(VideoRequest(camera=Camera(zoom=4)))) == ("", VideoRequest(camera=Camera(zoom=4)))


def test_a_slot_takes_the_word_it_is_given() -> None:
    words = {"first": "fig", "middle": "shots[0].last", "last": "shot.frame(2.5)"}
    request = VideoRequest("x", Keyframes("/kept/fig-1", "job:7f3e2c54", None))
    assert line_of(request, "shot", **words) == "%%runway shot --first fig --middle shots[0].last"
    assert run(cell_text(request, pictures=words), fig="lamp.png")[1].keyframes == Keyframes(
        "lamp.png", "shots[0].last"
    )


def test_the_word_of_a_slot_is_quoted_where_it_has_to_be() -> None:
    request = VideoRequest("x", Keyframes(ASSET_ID, "lamp.png"))
    assert line_of(request, first="sea side", last="unused") == '%%runway --first "sea side" --middle lamp.png'


def test_a_switch_that_is_off_is_not_written() -> None:
    request = VideoRequest("x", explore=False, upscale=False, camera=Camera(static=False))
    assert cell_text(request) == "%%runway\nx"
    assert typed(request) == VideoRequest("x")


def test_a_path_and_a_list_come_back_as_text_and_tuple() -> None:
    request = first(Path("my pictures") / "lamp.png", focus=[0.5, 1])
    assert line_of(request) == '%%runway --first "my pictures/lamp.png" --focus 0.5,1'
    assert run(cell_text(request))[1] == first("my pictures/lamp.png", focus=(0.5, 1.0))


# --- pictures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("picture", "word"),
    [
        ("lamp.png", "lamp.png"),
        ("two words.png", '"two words.png"'),
        ("it's", '"it\'s"'),
        ('a "b" c', "'a \"b\" c'"),
        ("both ' and \"", '"both \' and {{U+22}}"'),
        (r"C:\my pictures\a.png", r'"C:\my pictures\a.png"'),
        ("C:\\pictures\\", '"C:\\pictures\\"'),
        ("\u706f\u5854.png", "\u706f\u5854.png"),
        ("a\xa0b", '"a\xa0b"'),
        ("#1.png", "#1.png"),
        ("~/a.png", "~/a.png"),
        ("a=b", "a=b"),
        ("-x.png", "-x.png"),
        ("--x.png", "=--x.png"),
        ("--first --last", '="--first --last"'),
        ("--wait", "=--wait"),
        ("{{x}}.png", "{{U+7B}}{x}}.png"),
        ("{{ x }}", '"{{U+7B}}{ x }}"'),
        ("{x} $x", '"{x} $x"'),
        ("{{U+7B}}", "{{U+7B}}{U+7B}}"),
        ("line\nend\u2028", "line{{U+A}}end{{U+2028}}"),
        ("half\udcff.png", "half{{U+DCFF}}.png"),
        (" a ", '" a "'),
        ("job:7f3e2c54", "job:7f3e2c54"),
        ("job:7f3e2c54@2.5", "job:7f3e2c54@2.5"),
        ("https://x.test/a.png?b=1&c={{d}}#e", "https://x.test/a.png?b=1&c={{U+7B}}{d}}#e"),
    ],
)
def test_a_picture_as_it_is_typed(picture: str, word: str) -> None:
    request = first(picture, seed=7)
    assert line_of(request) == f"%%runway --first{'' if word.startswith('=') else ' '}{word} --seed 7"
    assert run(cell_text(request, "shot"), x="no", d="no") == ("shot", request)
    assert request_of_cell(cell_text(request)) == request


@pytest.mark.parametrize("identifier", [ASSET_ID, TASK_ID])
def test_no_whole_id_is_written(identifier: str) -> None:
    cell = cell_text(first(identifier))
    assert EMAIL not in cell
    assert cell.startswith(f"%%runway --first {short_id(identifier)}\n")
    assert cell_text(first("lamp.png"), pictures={"first": identifier}) == cell


def test_a_short_id_is_what_an_asset_is_found_by() -> None:
    request = first(ASSET_ID)
    told = run(cell_text(request))[1]
    assert told.keyframes.first == UUID[:8]
    assert (request.account, told.account) == (EMAIL, "")
    assert told.digest != request.digest


def test_a_word_that_is_a_variable_too_means_the_variable() -> None:
    cell = cell_text(first("lamp"))
    assert run(cell)[1].keyframes.first == "lamp"
    assert run(cell, lamp=3)[1].keyframes.first == "lamp"
    assert run(cell, lamp="other.png")[1].keyframes.first == "other.png"


# --- prompts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "body"),
    [
        ("a\nb", "a\nb"),
        ("a\n\nb", "a\n\nb"),
        ("a  \nb", "a  \nb"),
        ("a\tb\n\tc", "a\tb\n\tc"),
        ("a\n   \nb", "a\n{{U+20}}  \nb"),
        ("a\n\t\nb", "a\n{{U+9}}\nb"),
        (" a", "{{U+20}}a"),
        ("\n\na", "{{U+A}}\na"),
        ("a\n", "a{{U+A}}"),
        ("a  ", "a {{U+20}}"),
        ("a\xa0", "a{{U+A0}}"),
        ("a\r\nb\rc", "a{{U+D}}\nb{{U+D}}c"),
        ("a\x0cb\u2028c", "a{{U+C}}b{{U+2028}}c"),
        ("a\x00b", "a{{U+0}}b"),
        ("A {{weather}} day", "A {{U+7B}}{weather}} day"),
        ("{{ x }} {x} {{x.y}} {{", "{{U+7B}}{ x }} {x} {{x.y}} {{"),
        ("{{{x}}}", "{{{U+7B}}{x}}}"),
        ("{{U+7B}}", "{{U+7B}}{U+7B}}"),
        ("%%time\n!ls\n%cd\n?", "{{U+25}}%time\n!ls\n%cd\n?"),
        ("%%runway shot --seed 7", "{{U+25}}%runway shot {{U+2D}}-seed 7"),
        (">>> a\n... b", "{{U+3E}}>> a\n... b"),
        ("a\n  >>> b", "a\n  {{U+3E}}>> b"),
        ("... and then", "{{U+2E}}.. and then"),
        ("...: and then", "{{U+2E}}..: and then"),
        ("In [3]: a\nIn [4]: b", "{{U+49}}n [3]: a\nIn [4]: b"),
        ("a\n... and then", "a\n... and then"),
        ('it\'s "quoted" \\', 'it\'s "quoted" \\'),
        ("\U0001f469\u200d\U0001f52c waves", "\U0001f469\u200d\U0001f52c waves"),
    ],
)
def test_a_prompt_as_it_is_typed(prompt: str, body: str) -> None:
    request = VideoRequest(prompt, Keyframes(first="lamp.png"))
    cell = cell_text(request)
    assert cell == f"%%runway --first lamp.png\n{body}"
    assert run(cell, x="no", weather="no") == ("", request)
    assert request_of_cell(cell) == request


# --- what cannot be typed ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["2nd", "a b", "--static", "a --seed 7", "{{x}}", " a", "'a'", "a.b", "\u2118"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be the name of a variable"):
        cell_text(VideoRequest("x"), name)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (VideoRequest("x", camera=Camera(zoom=40), seconds=7), "zoom is 40"),
        (VideoRequest("x", camera=Camera(zoom=float("nan"))), "zoom is"),
        (VideoRequest("x", seed="7"), "seed is '7'"),  # type: ignore[arg-type]
        (VideoRequest("half \udcff"), "half a character"),
        (VideoRequest("  "), "nothing to generate from"),
        (VideoRequest(None), "prompt is"),  # type: ignore[arg-type]
        (first(3), "first is 3"),
    ],
)
def test_a_request_with_mistakes_is_refused_with_all_of_them(request_: VideoRequest, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(problem)):
        cell_text(request_)


# --- models -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "usual", "words"),
    [
        ("gen3turbo", "gen3turbo", "%%runway shot --seed 7"),
        ("gen4_5", "gen3turbo", "%%runway shot --model gen4_5 --seed 7"),
        ("gen4_5", "gen4_5", "%%runway shot --model gen4_5 --seed 7"),
        ("gen3turbo", "gen4_5", "%%runway shot --model gen3turbo --seed 7"),
    ],
)
def test_a_cell_means_the_same_whatever_model_is_set(model: str, usual: str, words: str) -> None:
    request = VideoRequest("x", model=model, seed=7)
    cell = cell_text(request, "shot", usual_model=usual)
    assert cell == f"{words}\nx"
    assert run(cell, usual) == ("shot", request)


@pytest.mark.parametrize(
    ("typed_cell", "model", "usual", "kept"),
    [
        ("%%runway --wait\n x", "gen3turbo", "gen3turbo", "%%runway --wait\n x"),
        ("%%runway --wait \n x", "gen4", "gen4", "%%runway --wait --model gen4\n x"),
        ("%%runway\nx", "gen3turbo", "gen4", "%%runway --model gen3turbo\nx"),
        ("%%runway --model gen4\nx", "gen4", "gen4", "%%runway --model gen4\nx"),
        ("%%runway --model={{m}}\nx", "gen4", "gen3turbo", "%%runway --model={{m}}\nx"),
        ("%%time\nx", "gen4", "gen4", "%%time\nx"),
        ("", "gen4", "gen4", ""),
    ],
)
def test_a_cell_that_was_typed_is_kept_with_its_model(typed_cell: str, model: str, usual: str, kept: str) -> None:
    assert with_model(typed_cell, model, usual) == kept


def test_sound_and_the_camera_in_words_are_written_as_they_are_typed() -> None:
    request = VideoRequest(
        "x", Keyframes("a.png"), Camera(zoom=4), model="kling-3.0-pro", camera_words=True, audio=False, seconds=15
    )
    assert (
        line_of(request)
        == "%%runway --model kling-3.0-pro --first a.png --seconds 15 --no-audio --zoom 4 --camera-words"
    )
    assert line_of(VideoRequest("x", model="veo-3.1", audio=True, resolution="1080p")) == (
        "%%runway --model veo-3.1 --resolution 1080p --audio"
    )


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="model is 'next': known are gen3turbo"):
        cell_text(VideoRequest("x", model="next"))


def test_a_model_of_ones_own_is_written_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "next 'one'", DEFAULT_MODEL._replace(name="next 'one'"))
    request = VideoRequest("x", model="next 'one'")
    assert line_of(request) == "%%runway --model \"next 'one'\""
    assert request_of_cell(cell_text(request)) == request


# --- from a cell ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "x", "%runway list", "%%runways\nx", "%%time\nx", "%%runway --zom 3\nx", "%%runway 'a\nx", "%%runway\n{{x}}"],
)
def test_what_cannot_be_read_is_no_request(text: str) -> None:
    assert request_of_cell(text) is None


def test_a_stored_cell_gives_its_request() -> None:
    cell = "%%runway shot --first fig --zoom=4 --fresh --wait --max-credits 30 --embed never \n\n A lamp\n"
    assert request_of_cell(cell) == VideoRequest("A lamp", Keyframes(first="fig"), Camera(zoom=4.0))
    assert request_of_cell("%%runway") == VideoRequest()


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    assert isinstance(request_of_cell(f"%%runway {text}"), (VideoRequest, type(None)))


# --- laws -------------------------------------------------------------------------------------------

parts = st.sampled_from(
    ["a", "lamp", " ", "  ", "\n", "'", '"', "\\", "{", "{{", "}", "}}", "{{x}}", "{{ x }}", "U+7B", "--", "=", "%%",
     ">>>", ">", "...", "In [1]: ", "$x", "#", "\U0001f469\u200d", "\udc80", *SEPARATORS]
)  # fmt: skip
hostile = st.lists(parts, max_size=9).map("".join) | st.text(max_size=20)
sendable = hostile.filter(lambda text: not re.search("[\ud800-\udfff]", text))
pictures = st.none() | hostile.filter(str.strip).filter(lambda word: not word.startswith(("job:", "user:")))
places = st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1))
any_requests = st.builds(
    replace,
    requests,
    prompt=sendable.filter(str.strip),
    keyframes=st.builds(Keyframes, pictures, pictures, pictures),
    fit=st.sampled_from([None, "cover", "contain", "stretch"]),
    focus=places,
    upscale=st.sampled_from([None, True, False]),
    reply_ref=st.none() | hostile.filter(bool),
    reply_url=st.none() | hostile.map("https://x{}".format),
)
names = st.just("") | st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True)


@given(requests | any_requests, names)
@example(VideoRequest("a\n{{x}}", Keyframes("{{", "x", "}}"), reply_ref="{{ --last x }}"), "x")
def test_a_cell_gives_its_request_again(request_: VideoRequest, name: str) -> None:
    if request_.problems():  # such as an address that is none
        with pytest.raises(InvalidRequest):
            cell_text(request_, name)
        return
    cell = cell_text(request_, name)
    told, again = run(cell)
    assert (told, again) == (name, typed(request_))
    assert not parsing.wants_await(cell.partition("\n")[0])
    assert request_of_cell(cell) == again
    assert cell_text(again, told) == cell


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
@given(data=st.data())
def test_the_cell_of_every_model_gives_its_request_again(model: Model, data: st.DataObject) -> None:
    request_ = data.draw(requests_of(model))
    cell = cell_text(request_, "shot")
    assert run(cell) == ("shot", typed(request_))
    assert request_of_cell(cell) == typed(request_)
    assert cell_text(typed(request_), "shot") == cell


@given(any_requests.filter(lambda request: not request.problems()))
def test_no_variable_changes_what_is_written(request_: VideoRequest) -> None:
    cell = cell_text(request_)
    assert run(cell, x=3, U=7, a=1, lamp=2) == run(cell)


@given(hostile, st.dictionaries(st.sampled_from(["x", "a", "lamp", "U"]), st.text(max_size=5)))
def test_literal_text_is_filled_in_as_it_is(text: str, variables: dict[str, str]) -> None:
    problems: list[str] = []
    assert template.fill(template.literal(text), variables, problems) == text
    assert not problems


@given(sendable.filter(str.strip))
def test_older_shells_find_no_session_in_a_prompt_either(prompt: str) -> None:
    """IPython 8 takes the second line of a cell for the mark of a session, and strips it from all lines."""
    body = cell_text(VideoRequest(prompt)).split("\n")[1]
    assert not re.match(r">>>|\.\.\.|In \[\d+\]: |\s*\.{3,}: ?", body)


def test_only_moves_that_were_given_are_written() -> None:
    for move in MOVES:
        moves: dict[str, Any] = {move: 0}
        assert line_of(VideoRequest("x", camera=Camera(**moves))) == f"%%runway --{move} 0"


# --- the cells of several jobs ----------------------------------------------------------------------


def a_job(number: int, request: VideoRequest, **more: Any) -> Job:
    return Job(f"{number:08x}", request, original_request=request, state=State(), **more)


def test_several_jobs_give_their_cells_equal_ones_once() -> None:
    """As they were typed where they were; a job that no cell can make is named and left out."""
    jobs = [
        a_job(1, VideoRequest("A lamp", seed=7)),
        a_job(2, VideoRequest("A red lamp", seed=8), cell="%%runway shot --seed 8\nA {{mood}} lamp\n"),
        a_job(3, VideoRequest("A lamp", seed=7)),
        a_job(4, VideoRequest("A lamp"), foreign_type="gen9_create"),
        a_job(5, first("a.png", model="gen4turbo")),
    ]
    cells = job_cells(jobs)
    assert [cell.partition("\n")[0] for cell in cells if not cell.startswith("#")] == [
        "%%runway --seed 7", "%%runway shot --seed 8", "%%runway --model gen4turbo --first a.png"
    ]  # fmt: skip
    assert cells[2].startswith("# job 00000004: ")
    assert "\n" not in cells[2]
    assert [job_cell(job) for job in jobs[:2]] == cells[:2]


def test_a_text_of_several_cells_comes_apart_at_their_magics_and_is_refused_as_one_cell() -> None:
    requests_ = [VideoRequest("A lamp"), first("a.png"), VideoRequest("%%runway is a word"), VideoRequest("Last")]
    text = joined_cells(map(cell_text, requests_))
    apart = re.split(r"^(?=%%runway)", text, flags=re.MULTILINE)[1:]
    # a cell without a prompt has a blank line for it
    assert [request_of_cell(cell) for cell in apart] == [replace(one, prompt=one.prompt or "") for one in requests_]
    with pytest.raises(InvalidRequest, match="%%runway stands in the prompt"):
        run(text)
