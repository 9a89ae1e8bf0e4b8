"""A request as code: run by a shell, by Python and by node, it makes the task that the request makes."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runway_nb.camera import Camera
from runway_nb.errors import InvalidRequest
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.request_code import LANGUAGES, as_code
from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering import stub
from runway_nb.spec import BASE_URL, MODELS, Model
from support.simulator_kit import TOKEN, Pictures, picture
from support.strategies import ASSET_ID, EMAIL, UUID, requests_of_any_model

NASTY = (
    "it's", '"quoted"', "$HOME ${HOME} $(id) `id`", "\\ \\n \\'", "a\nb\r\n\tc", "\x01", "'''", '"""', "'\"'\"'",
    "!1 !!", "%s %(x)s", "{x} {{x}} ${x}", "#{x} # //", "</script>", "\U0001f30a \u706f\u5854 \u00e9 e\u0301",
    "\u2028\u2029\x85\x7f\u200b\u202e", "EOF\nJSON", "*?[a]", "~", "-x --y", "@file", "&|;<>",
)  # fmt: skip
"""What a shell, Python or JavaScript might read as something else."""
PROMPT = " ".join(NASTY)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_: Any) -> None:
        pass


class Machine:
    """A simulator, and a folder in which code runs."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator, self.folder = simulator, folder
        self.login = {"Authorization": f"Bearer {TOKEN}"}
        self.http = httpx.Client(verify=False)

    def run(self, language: str, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "code").write_text(code, encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "USEAPI_TOKEN": TOKEN, **variables}
        command = [*_program(language), "code"]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, encoding="utf-8", timeout=60
        )  # fmt: skip

    def options_after(self, language: str, code: str, **variables: str) -> Any:
        """The options of the task that is made by code."""
        before = set(self.tasks())
        done = self.run(language, code, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        (made,) = {name: task for name, task in self.tasks().items() if name not in before}.values()
        return _comparable(made)

    def options_of(self, request: VideoRequest, **pictures: str) -> Any:
        """The options of the task that is made by the body of a request."""
        before = set(self.tasks())
        body = request.to_wire() | pictures
        answer = self.http.post(f"{self.simulator.base_url}{request.row.path}", json=body, headers=self.login)
        assert answer.status_code == 200, answer.text
        (made,) = {name: task for name, task in self.tasks().items() if name not in before}.values()
        return _comparable(made)

    def upload(self) -> str:
        headers = {**self.login, "Content-Type": "image/png"}
        answer = self.http.post(f"{self.simulator.base_url}/assets/?name=a", content=picture(), headers=headers)
        return str(answer.json()["assetId"])

    def tasks(self) -> dict[str, Any]:
        answer = self.http.get(f"{self.simulator.base_url}/tasks/?offset=0&limit=50", headers=self.login).json()
        return {task["taskId"]: task for task in answer}


def _program(language: str) -> list[str]:
    """What runs a language; curl and node are those of the machine, or what the test extra brings."""
    if language == "python":
        return [sys.executable, "-X", "utf8"]
    if language == "curl":
        assert shutil.which("curl"), "the code is made for curl: install it"
        return [shutil.which("bash") or "sh"]
    node = shutil.which("node", path=sysconfig.get_path("scripts")) or shutil.which("node")
    assert node, "the test extra brings node: pip install -e '.[test]'"
    return [node]


def _comparable(task: Any) -> Any:
    """What was asked for; each upload is an asset of its own."""
    pictures = {name: task["options"].pop(name, None) for name in ("keyframes", "init_image", "name")}
    return {**task["options"], "taskType": task["taskType"], "pictures": len(pictures["keyframes"] or ())}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("code")
    (folder / FILE).write_bytes(picture())
    with Simulator(folder / "state", renderer=stub.renderer, pictures=Pictures(), token=TOKEN, speed=1000) as simulator:
        made = Machine(simulator, folder)
        yield made
        made.http.close()


@pytest.fixture(scope="module")
def link(machine: Machine) -> Iterator[str]:
    """The address of the file on a server of the web."""
    handler = partial(Quiet, directory=str(machine.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{quote(FILE)}"
        server.shutdown()
        thread.join()


FILE = "it's a picture.png"
REQUESTS = {
    "of words": VideoRequest(PROMPT, camera=Camera(zoom=2.5, tilt=-10), aspect="portrait", seconds=10, seed=7),
    "of pictures": VideoRequest(
        PROMPT, Keyframes(FILE, "{link}", ASSET_ID), Camera(static=True), "landscape", seed=7, reply_ref="it's mine"
    ),
    "in words of the camera": VideoRequest(
        PROMPT, camera=Camera(zoom=2), camera_words=True, model="veo-3.1", audio=False, resolution="1080p"
    ),
}  # fmt: skip


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", REQUESTS)
def test_code_makes_the_task_of_its_request(name: str, language: str, machine: Machine, link: str) -> None:
    asked, uploaded = REQUESTS[name], machine.upload()
    pictures = {field.wire: uploaded for field in asked.row.keyframes if field.position in asked.keyframes.given}
    expected = machine.options_of(asked, **pictures)
    if pictures:
        asked = replace(asked, keyframes=replace(asked.keyframes, middle=link))
    code = as_code(asked, language, machine.simulator.base_url)
    assert machine.options_after(language, code, LAST_ASSET_ID=uploaded) == expected
    assert expected["pictures"] == len(pictures)
    assert PROMPT in expected.get("text_prompt", expected.get("textPrompt", ""))


def _body_in(language: str, code: str) -> Any:
    """The body as its language reads it."""
    if language == "curl":
        return json.loads(shlex.split(code, comments=True)[-1])
    if language == "python":
        (body,) = [node.value for node in ast.parse(code).body if isinstance(node, ast.Assign) and _is_body(node)]
        return ast.literal_eval(body)
    return json.loads(code.partition("  const body = ")[2].partition("\n  };")[0].removesuffix(",") + "}")


def _is_body(node: ast.Assign) -> bool:
    return ast.unparse(node.targets[0]) == "body"


@pytest.mark.parametrize("language", LANGUAGES)
@given(request_=requests_of_any_model, prompt=st.text(st.characters(codec="utf-8"), max_size=40))
def test_exactly_the_body_that_would_leave_stands_in_the_code(
    language: str, request_: VideoRequest, prompt: str
) -> None:
    request_ = replace(request_, keyframes=Keyframes(), prompt=prompt)
    assume(not request_.problems() and "@" not in prompt)
    code = as_code(request_, language)
    assert _body_in(language, code) == json.loads(json.dumps(request_.to_wire()))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", code), "all of it is seen"


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_sent_while_a_picture_is_missing(language: str, machine: Machine, link: str) -> None:
    """A request without its picture is another one, and would be paid."""
    for first in (ASSET_ID, "nowhere.png", f"{link}.png"):
        code = as_code(VideoRequest("x", Keyframes(first)), language, machine.simulator.base_url)
        before = set(machine.tasks())
        assert machine.run(language, code).returncode
        assert set(machine.tasks()) == before


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_is_written_with_its_path_and_its_names(language: str, model: Model) -> None:
    pictures = {field.position: f"{field.position}.png" for field in model.keyframes}
    request = VideoRequest("x", Keyframes(**pictures), model=model.name, audio=False if model.audio else None)
    code = request.as_code(language)
    assert f'{model.path}"' in code
    assert code.count("/assets/?name=") == len(model.keyframes)
    assert all(f'"{name}":' in code for name in request.to_wire())
    assert "USEAPI_TOKEN" in code
    assert BASE_URL in code


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("position", "picture", "words"),
    [
        ("first", ASSET_ID, f"FIRST_ASSET_ID is the assetId of asset {UUID[:8]}, out of GET /assets/"),
        ("last", "lamp", "LAST_ASSET_ID is the assetId of lamp, out of GET /assets/"),
        ("first", "job:7f3e2c54@2.5", "the frame at 2.5 s of job 7f3e2c54; %runway upload job:7f3e2c54@2.5 puts it"),
        ("first", "scan.tiff", "%runway upload puts it on the account"),
        ("first", f"/home/{EMAIL}/a.png", "FIRST_ASSET_ID is the assetId of your first picture"),
        ("first", "https://x.test/a.png?_jwt=abc.def", "FIRST_ASSET_ID is the assetId of your first picture"),
        ("middle", Path("my") / "lamp.jpg", "/assets/?name=lamp"),
        ("middle", "file:///my/lamp.jpg", "/my/lamp.jpg"),
        ("middle", "~/lamp.jpg", "/lamp.jpg"),
    ],
)
def test_a_picture_says_where_its_id_comes_from(language: str, position: str, picture: Any, words: str) -> None:
    code = VideoRequest("x", Keyframes(**{position: picture})).as_code(language)
    assert words in code
    assert EMAIL not in code
    assert "_jwt" not in code


def test_a_picture_object_is_an_asset_that_is_still_to_be_named() -> None:
    request = VideoRequest("x", Keyframes(first=picture()))  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest):  # it is no name, and only a studio makes one of it
        request.as_code("curl")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("secret", [EMAIL, TOKEN])
def test_no_address_and_no_token_is_written(language: str, secret: str) -> None:
    code = VideoRequest(f"A letter to {secret}", reply_url=f"https://x.test/?to={secret}").as_code(language)
    assert secret not in code
    assert "TEXT_PROMPT is text_prompt, which holds an address or a token" in code
    assert "REPLY_URL is replyUrl" in code


@pytest.mark.parametrize("language", ["", "ruby", "Curl", None, 3])
def test_another_language_is_refused(language: Any) -> None:
    with pytest.raises(InvalidRequest, match="language"):
        VideoRequest("x").as_code(language)


def test_mistakes_are_reported_and_not_written_down() -> None:
    with pytest.raises(InvalidRequest, match="zoom is 40"):
        VideoRequest("x", camera=Camera(zoom=40)).as_code("curl")


def test_the_price_and_what_is_left_to_the_reader_stand_on_top() -> None:
    code = VideoRequest("x", Keyframes("a.png"), model="gen4", seconds=10).as_code("python")
    assert code.splitlines()[:4] == [
        "# Gen-4, 10 s, 120 credits",
        "# USEAPI_TOKEN is the token of useapi.net.",
        "# Pictures are sent as they are; runway_nb brings them to the frame first.",
        "# No format is given, so the model's own is taken; runway_nb takes that of the first picture.",
    ]
