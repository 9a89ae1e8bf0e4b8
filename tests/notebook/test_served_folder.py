"""Whether a server gives out what lies beside a notebook: not below a link that leads out of its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runway_nb.notebook.served_folder import is_beyond_root


@pytest.fixture
def served(tmp_path: Path):
    """Return the environment of a kernel for a notebook of a server, whose root holds links of three kinds."""
    root, away, runtime = (tmp_path / name for name in ("root", "away", "runtime"))
    for folder in (root / "inside", away, runtime):
        folder.mkdir(parents=True)
    (root / "out").symlink_to(away)
    (root / "within").symlink_to(root / "inside")
    (tmp_path / "alias").symlink_to(root)
    note = runtime / "jpserver-42.json"

    def environment(name: str, **more: str) -> dict[str, str]:
        return {"JPY_PARENT_PID": "42", "JUPYTER_RUNTIME_DIR": str(runtime), "JPY_SESSION_NAME": name} | more

    def write(served_root: Path) -> None:
        note.write_text(json.dumps({"root_dir": str(served_root), "token": "secret"}))

    write(root)
    environment.root, environment.write, environment.note = root, write, note  # type: ignore[attr-defined]
    return environment


@pytest.mark.parametrize(
    ("name", "beyond"),
    [("a.ipynb", False), ("inside/a.ipynb", False), ("within/a.ipynb", False), ("out/a.ipynb", True),
     ("RTC:out/a.ipynb", True), ("RTC:inside/a.ipynb", False)],
)  # fmt: skip
def test_a_link_out_of_the_root_leads_where_nothing_is_given_out(served, name, beyond) -> None:
    assert is_beyond_root(served(name)) is beyond
    if not name.startswith("RTC:"):
        assert is_beyond_root(served(str(served.root / name))) is beyond


def test_a_root_that_is_a_link_itself_gives_out_what_is_in_it(served) -> None:
    alias = served.root.parent / "alias"
    served.write(alias)
    assert not is_beyond_root(served(str(alias / "inside" / "alias.ipynb")))


@pytest.mark.parametrize("note", [None, b"", b"[]", b'"text"', b'{"root_dir": 5}', b"\xff", b"{}"])
def test_where_no_server_is_known_nothing_is_beyond_it(served, note) -> None:
    if note is None:
        served.note.unlink()
    else:
        served.note.write_bytes(note)
    assert not is_beyond_root(served(f"out/{note!r}.ipynb"))
    assert not is_beyond_root({})
    assert not is_beyond_root({"JPY_SESSION_NAME": "out/a.ipynb"})
