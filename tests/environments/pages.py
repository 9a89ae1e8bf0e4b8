"""Pages in a browser: JupyterLab and Notebook 7, a hub, dashboards, and what VS Code makes of a result."""

from __future__ import annotations

from html import escape

from lab import App, jupyter_lab

from environments.bench import CELLS, LOAD, SHOT, Bench, Environment, by_tests, seen_to_play
from support.kernels import Kernel
from support.notebooks import write_notebook

ODD = "ungewöhnlich #1 [50%25] & 'so'"
IN_VS_CODE = "__vsc_ipynb_file__ = 'film.ipynb'"
FRAME = '<!doctype html><iframe sandbox="allow-scripts" width="900" height="700" srcdoc="{}"></iframe>'


def odd_folder(bench: Bench) -> str:
    """Run a notebook in a folder with an odd name, and open it again without its kernel."""
    root = bench.folder("odd")
    (root / ODD).mkdir()
    write_notebook(root / ODD / "film.ipynb", [f"import os\nos.environ.update({bench.simulator.env!r})\n{LOAD}", SHOT])
    with jupyter_lab(root) as url:
        app = App(bench.chromium, url, root)
        try:
            notebook = app.open(f"{ODD}/film.ipynb")
            notebook.run(0, 1)
            first = seen_to_play(notebook.video(1))
            notebook.save()
            notebook.shutdown()
            app.reopen()
            seen_to_play(app.open(f"{ODD}/film.ipynb").video(1))
        finally:
            app.close()
    return f"{first}, also when it is opened again"


def vs_code(bench: Bench) -> str:
    """Run a cell in a kernel that has the sign of VS Code; look at its result in a frame that no path leads into."""
    folder = bench.folder("vs-code", CELLS)
    kernel = Kernel(folder.parent / "home", folder, **bench.simulator.env)
    try:
        kernel.run(f"{IN_VS_CODE}\n{LOAD}")
        cell = kernel.run(SHOT)
        html = kernel.ending(cell)["content"]["data"]["text/html"]
    finally:
        kernel.shutdown()
    page = folder / "frame.html"
    page.write_text(FRAME.format(escape(html)))
    return bench.page(page, "vs-code", frame="iframe")


ENVIRONMENTS = (
    Environment(
        "JupyterLab in Chromium", "`jupyter lab`",
        "cards that move, results that play, stay and reopen, Run All, restarts, themes",
        by_tests("tests/browser/test_jupyterlab.py"), ("jupyterlab",), browser="chromium",
    ),
    *(
        Environment(
            f"JupyterLab in {name}", "`jupyter lab`",
            "a card that moves, the result, the panel's controls, what reopens; the preview beside Chromium's",
            by_tests("tests/browser/test_engines_in_lab.py", "tests/browser/test_preview_in_engines.py", only=engine),
            ("jupyterlab",), browser=engine,
        )
        for name, engine in (("Firefox", "firefox"), ("WebKit, which stands for Safari", "webkit"))
    ),
    Environment(
        f"JupyterLab, folder `{ODD}`", "`jupyter lab`", "the video, at once and opened again",
        odd_folder, ("jupyterlab",), browser="chromium",
    ),
    Environment(
        "Notebook 7", "`jupyter notebook`", "the panel, a sweep and its results",
        by_tests("tests/browser/test_panel_in_lab.py", "tests/browser/test_sweep_in_lab.py", only="notebook_7"),
        ("notebook",), browser="chromium",
    ),
    Environment(
        "JupyterHub below a prefix", "`jupyterhub`", "a cell, the panel with an upload and Generate, what reopens",
        by_tests("tests/browser/test_hub.py"), ("jupyterhub", "jupyterlab"), browser="chromium",
    ),
    Environment(
        "Voila", "`voila notebooks/07_dashboard.ipynb`", "Generate in the panel: its card moves, its result plays",
        by_tests("tests/browser/test_dashboard_in_voila.py"), ("voila",), browser="chromium",
    ),
    Environment(
        "marimo", "`marimo run notebooks/marimo_first_video.py`",
        "a shot that moves by itself and plays; the panel's line",
        by_tests("tests/browser/test_job_in_marimo.py"), browser="chromium",
    ),
    Environment(
        "VS Code's result", "a kernel with `__vsc_ipynb_file__`", "the video, in a frame that no path leads into",
        vs_code, browser="chromium",
    ),
    Environment(
        "JupyterLite", "`sys.platform` as it is there", "the line that says what to do",
        by_tests("tests/notebook/test_hosts.py", "tests/jobs/test_loop.py", only="in_a_browser"),
    ),
)  # fmt: skip
"""Pages."""
