"""Run the first lesson from top to bottom against the embedded simulator, and keep what it made.

    python notebooks/run_demo.py [FOLDER]

Writes the executed notebook, an HTML page that plays its videos, and the MP4 files to build/demo.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

LESSON = Path(__file__).with_name("01_first_video.ipynb")


class TalkingClient(NotebookClient):
    """Shows each cell as it begins, and what it prints as it prints it."""

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str, cell_index: int) -> Any:
        """Pass on what a cell prints."""
        if msg["msg_type"] == "stream":
            print("   ", msg["content"]["text"].rstrip().replace("\n", "\n    "), flush=True)
        return super().output(outs, msg, display_id, cell_index)


def announce(cell: Any, **_: Any) -> None:
    """Name a cell by its first line."""
    if cell.cell_type == "code":
        print(f"\n>>> {cell.source.splitlines()[0]}", flush=True)


def main(folder: Path) -> None:
    """Run the lesson and write the results to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    # a demo spends nothing, whatever account is set up here, and leaves nothing outside its folder
    os.environ.pop("USEAPI_TOKEN", None)
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    os.environ |= {"RUNWAY_NB_HOME": str(folder / "home"), "RUNWAY_NB_OUTPUT": "runway_outputs"}
    started = time.monotonic()
    notebook = nbformat.read(LESSON, as_version=4)
    client = TalkingClient(
        notebook, timeout=300, coalesce_streams=True, resources={"metadata": {"path": str(folder)}},
        on_cell_start=announce, extra_arguments=["--log-level=ERROR"],
    )  # fmt: skip
    client.execute()
    executed, page = folder / LESSON.name, folder / LESSON.with_suffix(".html").name
    nbformat.write(notebook, executed)
    # no script from elsewhere: the page works without a network
    html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
    page.write_text(html, encoding="utf-8")
    videos = sorted((folder / "runway_outputs").glob("*.mp4"), key=lambda path: path.stat().st_mtime)
    print(f"\nDone in {time.monotonic() - started:.0f} s.\n")
    print(f"Notebook  {executed}\nPage      {page}")
    for video in videos:
        print(f"Video     {video}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo").resolve())
