"""A request as code that sends the same body: curl for any shell, Python or JavaScript without a library. Pure.

A picture that lies on no account yet is uploaded before (API facts 8.1). What the code must not show is a variable of
the environment: the token, and whatever holds an e-mail address, as the ids of assets do (API facts 2.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from .errors import InvalidRequest
from .redaction import addresses, mask_tokens, redact, redact_line, short_id
from .references import asset_account, is_link, shot_frame
from .spec import BASE_URL
from .storage.file_link import is_file_link, path_of_link
from .values.plain import can_be_sent, checked_text, is_a, shown

if TYPE_CHECKING:
    from .request import VideoRequest

_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
"""Ending of a file to its type, as the upload takes it (API facts 8.1)."""
_LIST = "out of GET /assets/"
_UNSEEN = re.compile(r"[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""What a terminal or an editor does not show, or takes for the end of a line; the codes below 32 are escaped anyway."""


class _Upload(NamedTuple):
    """A picture that is put on the account first."""

    source: str
    """A path or a link."""
    name: str
    """As it stands in the address of the call."""
    content_type: str

    @property
    def path(self) -> str:
        return f"/assets/?name={self.name}"


class _Variable(NamedTuple):
    """A value of the body that stands in a variable."""

    name: str
    note: str
    upload: _Upload | None = None
    """None where it is set by whoever runs the code."""


class _Call(NamedTuple):
    """A create call to be written down."""

    notes: tuple[str, ...]
    base_url: str
    path: str
    body: Mapping[str, Any]
    """Values, or variables that hold them."""

    @property
    def variables(self) -> list[_Variable]:
        return [value for value in self.body.values() if is_a(value, _Variable)]

    @property
    def uploads(self) -> list[tuple[_Variable, _Upload]]:
        return [(variable, variable.upload) for variable in self.variables if variable.upload is not None]


def as_code(request: VideoRequest, language: str, base_url: str = BASE_URL) -> str:
    """Return code that makes the create call of a request, body and all (API facts 3).

    The token is read from `USEAPI_TOKEN`. A keyframe that is a file or a link is uploaded as it is: bringing it to the
    frame is left to the reader. Assets, frames of jobs and texts with an e-mail address in them are variables of the
    environment, each with a comment that says what it has to be.

    Args:
        request: Without mistakes.
        language: `curl`, `python` or `javascript` (Node.js 18 or newer).
        base_url: Address of the API.

    Raises `InvalidRequest` with all mistakes.
    """
    write = _WRITERS.get(checked_text(language, "language"))
    if write is None:
        raise InvalidRequest([f"language is {shown(language)}: give {' or '.join(LANGUAGES)}"])
    request.check()
    return write(_call_of(request, checked_text(base_url, "base_url")))


def _call_of(request: VideoRequest, base_url: str) -> _Call:
    row = request.row
    pictures = {field.wire: field.position for field in row.keyframes}
    given = request.keyframes.given
    body = {
        name: _picture(pictures[name], given[pictures[name]]) if name in pictures else _text(name, value)
        for name, value in request.to_wire().items()
    }
    call = _Call((), base_url.rstrip("/"), row.path, body)
    return call._replace(notes=tuple(_notes(request, call)))


def _notes(request: VideoRequest, call: _Call) -> Iterator[str]:
    """Yield what the code says of itself."""
    yield f"{request.row.title}, {request.length} s, {request.price_text}"
    yield "USEAPI_TOKEN is the token of useapi.net."
    for variable in call.variables:
        if variable.upload is None:
            yield f"{variable.name} is {variable.note}."
    if call.uploads:
        yield "Pictures are sent as they are; runway_nb brings them to the frame first."
        if request.aspect is None:
            yield "No format is given, so the model's own is taken; runway_nb takes that of the first picture."


def _text(name: str, value: Any) -> Any:
    """Return a value of the body, or the variable that stands for it where it must not be shown."""
    if not (is_a(value, str) and _is_secret(value)):
        return value
    return _Variable(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper(), f"{name}, which holds an address or a token")


def _is_secret(text: str) -> bool:
    return mask_tokens(text) != text or bool(addresses(text)) or (is_link(text) and redact(text) != text)


def _picture(position: str, picture: Any) -> _Variable:
    """Return the variable that holds the asset id of a keyframe."""
    name = f"{position.upper()}_ASSET_ID"
    text = str(picture) if is_a(picture, str, PurePath) else ""
    if asset_account(text):
        return _Variable(name, f"the assetId of asset {short_id(text)}, {_LIST}; it holds an e-mail address")
    if frame := shot_frame(text):
        return _Variable(name, f"the assetId of {frame.description}; %runway upload {text} puts it on the account")
    if not text or text[:5].lower() == "data:" or _is_secret(text) or not can_be_sent(text):
        return _Variable(name, f"the assetId of your {position} picture, {_LIST}")
    if upload := _upload(text):
        return _Variable(name, f"{position}: {redact_line(text)}", upload)
    if _is_path(text):
        return _Variable(name, f"the assetId of {redact_line(text)}; %runway upload puts it on the account as a PNG")
    return _Variable(name, f"the assetId of {redact_line(text)}, {_LIST}")


def _is_path(text: str) -> bool:
    return is_file_link(text) or is_link(text) or text.startswith("~") or bool(re.search(r"[/\\]|\.\w{2,5}\Z", text))


def _upload(text: str) -> _Upload | None:
    """Return the upload of a file or a link; None for what is neither, or of a type that the API does not take."""
    source = path_of_link(text) if is_file_link(text) else text
    path = urlsplit(source).path if is_link(source) else source.replace("\\", "/")
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    content_type = _TYPES.get(ending.lower()) if dot and _is_path(text) else None
    return _Upload(source, quote(stem, safe="") or "picture", content_type) if content_type else None


def _literal(value: Any) -> str:
    """Return a value as JSON, which JavaScript and, but for yes and no, Python read as well."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _commented(call: _Call, mark: str) -> list[str]:
    return [f"{mark} {note}" for note in call.notes]


# --- curl -------------------------------------------------------------------------------------------

_ASSET_ID = r"""sed -n 's/.*"assetId" *: *"\([^"]*\)".*/\1/p'"""


def _curl(call: _Call) -> str:
    """Return a script for any shell; it needs curl and sed."""
    lines = [*_commented(call, "#"), f"BASE_URL={_quoted(call.base_url)}", ""]
    for variable, upload in call.uploads:
        lines += [f"# {variable.note}", f"{variable.name}=$({_curl_upload(upload)})", ""]
    body = ",\n".join(f"  {_quoted_json(name)[1:-1]}: {_shell_value(value)}" for name, value in call.body.items())
    return "\n".join([
        *lines,
        f'curl -sS "$BASE_URL{call.path}" \\',
        '  -H "Authorization: Bearer $USEAPI_TOKEN" \\',
        "  -H 'Content-Type: application/json' \\",
        f"  --data-binary '{{\n{body}\n}}'",
    ])  # fmt: skip


def _curl_upload(upload: _Upload) -> str:
    source = "@-" if is_link(upload.source) else f"@{_shell_path(upload.source)}"
    fetch = f"curl -gfsSL {_quoted(upload.source)} |\n  " if is_link(upload.source) else ""
    return (
        f'{fetch}curl -sS "$BASE_URL{upload.path}" \\\n'
        '  -H "Authorization: Bearer $USEAPI_TOKEN" \\\n'
        f"  -H 'Content-Type: {upload.content_type}' \\\n"
        f"  --data-binary {source} |\n  {_ASSET_ID}"
    )


def _shell_value(value: Any) -> str:
    """Return a value within the quoted body; an id that is missing stops the call before it is sent."""
    return f'"\'"${{{value.name}:?}}"\'"' if is_a(value, _Variable) else _quoted_json(value)[1:-1]


def _quoted_json(value: Any) -> str:
    return _quoted(_literal(value))


def _shell_path(path: str) -> str:
    return f'"$HOME"{_quoted(path[1:])}' if path.startswith("~/") else _quoted(path)


def _quoted(text: str) -> str:
    """Return a text between single quotes, within which a shell reads nothing."""
    return "'" + text.replace("'", r"'\''") + "'"


# --- Python -----------------------------------------------------------------------------------------

_PYTHON_POST = """

def post(path, data, content_type):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type, "User-Agent": "python"}
    try:
        with urllib.request.urlopen(urllib.request.Request(BASE_URL + path, data, headers)) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.code} {error.read().decode()}") from None

"""


def _python(call: _Call) -> str:
    """Return a script that needs nothing but Python's own library."""
    paths = ["from pathlib import Path"] if any(not is_link(upload.source) for _, upload in call.uploads) else []
    lines = [
        *_commented(call, "#"),
        *("import json", "import os", "import urllib.request", *paths, ""),
        *(f"BASE_URL = {_literal(call.base_url)}", 'TOKEN = os.environ["USEAPI_TOKEN"]', _PYTHON_POST),
    ]
    for variable, upload in call.uploads:
        sent = f"post({_literal(upload.path)}, {_python_bytes(upload.source)}, {_literal(upload.content_type)})"
        lines += [f"# {variable.note}", f'{variable.name.lower()} = {sent}["assetId"]']
    body = [f"    {_literal(name)}: {_python_value(value)}," for name, value in call.body.items()]
    create = f'post({_literal(call.path)}, json.dumps(body).encode(), "application/json")'
    return "\n".join([*lines, "body = {", *body, "}", f"print({create})"])


def _python_bytes(source: str) -> str:
    if is_link(source):
        return f"urllib.request.urlopen({_literal(source)}).read()"
    return f"Path({_literal(source)}){'.expanduser()' if source.startswith('~') else ''}.read_bytes()"


def _python_value(value: Any) -> str:
    if is_a(value, _Variable):
        return value.name.lower() if value.upload else f"os.environ[{_literal(value.name)}]"
    return repr(value) if is_a(value, bool) else _literal(value)


# --- JavaScript -------------------------------------------------------------------------------------

_JAVASCRIPT_POST = """
function env(name) {
  if (!process.env[name]) throw new Error(`${name} is not set`);
  return process.env[name];
}

async function post(path, body, type) {
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": type };
  const answer = await fetch(BASE_URL + path, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}
"""
_JAVASCRIPT_UPLOAD = """
async function upload(path, picture, type) {
  const { assetId } = await post(path, picture, type);
  if (!assetId) throw new Error("the upload brought no asset");
  return assetId;
}
"""
_JAVASCRIPT_FETCH = """
async function fetched(link) {
  const answer = await fetch(link);
  if (!answer.ok) throw new Error(`${answer.status} for ${link}`);
  return answer.arrayBuffer();
}
"""


def _javascript(call: _Call) -> str:
    """Return a script for Node.js, which may be a module or none."""
    body = [f"    {_literal(name)}: {_javascript_value(value)}," for name, value in call.body.items()]
    create = f'post({_literal(call.path)}, JSON.stringify(body), "application/json")'
    return "\n".join([
        *_commented(call, "//"),
        f"const BASE_URL = {_literal(call.base_url)};",
        'const TOKEN = env("USEAPI_TOKEN");',
        *_javascript_functions([upload.source for _, upload in call.uploads]),
        "async function main() {",
        *_javascript_uploads(call),
        *("  const body = {", *body, "  };", f"  console.log(await {create});", "}", "", "main();"),
    ])  # fmt: skip


def _javascript_functions(sources: Sequence[str]) -> Iterator[str]:
    """Yield the functions that uploads from these files and links need."""
    yield _JAVASCRIPT_POST
    if sources:
        yield _JAVASCRIPT_UPLOAD.removeprefix("\n")
    if any(map(is_link, sources)):
        yield _JAVASCRIPT_FETCH.removeprefix("\n")


def _javascript_uploads(call: _Call) -> Iterator[str]:
    sources = [upload.source for _, upload in call.uploads if not is_link(upload.source)]
    if sources:
        yield '  const { readFile } = await import("node:fs/promises");'
    if any(source.startswith("~/") for source in sources):
        yield '  const { homedir } = await import("node:os");'
    for variable, upload in call.uploads:
        yield f"  // {variable.note}"
        sent = f"{_literal(upload.path)}, {_javascript_bytes(upload.source)}, {_literal(upload.content_type)}"
        yield f"  const {variable.name.lower()} = await upload({sent});"


def _javascript_bytes(source: str) -> str:
    if is_link(source):
        return f"await fetched({_literal(source)})"
    return f"await readFile({f'homedir() + {_literal(source[1:])}' if source.startswith('~/') else _literal(source)})"


def _javascript_value(value: Any) -> str:
    if is_a(value, _Variable):
        return value.name.lower() if value.upload else f"env({_literal(value.name)})"
    return _literal(value)


_WRITERS: dict[str, Callable[[_Call], str]] = {"curl": _curl, "python": _python, "javascript": _javascript}
LANGUAGES = tuple(_WRITERS)
"""What a request can be written in."""
