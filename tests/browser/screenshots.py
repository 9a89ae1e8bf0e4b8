"""Take the pictures of the documentation from the real thing.

    python tests/browser/screenshots.py FOLDER [--all]

Writes `first-video.png` and `panel.png`; with `--all` also cards, results and notices in both themes and two widths,
for looking at.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from lab import WIDEN, App, Notebook, find_chromium, jupyter_lab, start_chromium
from playwright.sync_api import sync_playwright
from seen_comparison import SeenComparison

from support.notebooks import write_notebook

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = {"": 900, "-narrow": 560}
LESSON = [
    "%load_ext runway_nb",
    (
        "%%runway shot --first lighthouse-dusk --zoom 4 --pan -2 --seed 1842\n"
        "A lighthouse at dusk, slow waves, the beam sweeps over the sea."
    ),
    (
        "%%runway forest --first portrait-forest --aspect portrait --vertical 5 --tilt -3 --seed 77\n"
        "The fog rises between the pines."
    ),
]
PANEL = [
    "import runway_nb\nfrom runway_nb import Camera, Keyframes, VideoRequest",
    (
        "runway_nb.Panel(VideoRequest(\n"
        '    "A lighthouse at dusk, slow waves, the beam sweeps over the sea.",\n'
        '    Keyframes(first="lighthouse-dusk"),\n'
        "    Camera(zoom=4, pan=-2),\n"
        "    seed=1842,\n"
        "))"
    ),
]
MODEL_PANEL = [
    PANEL[0],
    (
        "runway_nb.Panel(VideoRequest(\n"
        '    "A lighthouse at dusk, slow waves, the beam sweeps over the sea.",\n'
        '    Keyframes("lighthouse-dusk", last="dunes-noon"),\n'
        "    Camera(zoom=4, pan=-2),\n"
        '    aspect="landscape",\n'
        "    seed=1842,\n"
        "))"
    ),
]
MODELS = {"gen4": "Gen-4 Turbo", "veo": "Veo 3.1"}
"""A panel that begins with Gen-3 and goes on with these."""
COMPARED = [
    "%load_ext runway_nb",
    (
        "%%runway dusk --first lighthouse-dusk --zoom -5 --seed 1 --wait\n"
        "A lighthouse at dusk, slow waves, the beam sweeps over the sea."
    ),
    (
        "%%runway night --first lighthouse-dusk --zoom 5 --seed 2 --wait\n"
        "A lighthouse at night, slow waves, a red beam sweeps over the sea."
    ),
    "%runway compare dusk night",
]
COMPARED_TAKES = [
    "%load_ext runway_nb",
    "%%runway takes --takes 4 --first portrait-forest --aspect portrait --wait\nThe fog rises between the pines.",
    "%runway compare takes",
]
GRID = [
    "%load_ext runway_nb",
    (
        "%%runway grid --sweep light=dusk,fog,night --sweep place=harbour,lighthouse --zoom 3 --wait\n"
        "A quiet {{place}} in the {{light}}, long exposure."
    ),
]
PREVIEWED = 34
"""Percent of the shot's time at which the panel's preview stands."""
SWEEPS = {
    "sweep": ("import gallery; gallery.show_sweep()", 560),
    "sweep-phone": ("import gallery; gallery.show_sweep()", 360),
    "sweep-portrait": ("import gallery; gallery.show_sweep(tall=True)", 560),
}
"""Each with the width of the narrow picture."""
GALLERY = {
    "card-states": "import gallery; gallery.show_cards()",
    "failures": "import gallery; gallery.show_notices()",
    "offer": "import gallery; gallery.show_offer()",
    "result": "import glob, gallery\n"
    "gallery.show_results(glob.glob('runway_outputs/a-light*.mp4')[0], glob.glob('runway_outputs/the-fog*.mp4')[0])",
}


def main(folder: Path, everything: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as playwright:
        root = Path(place) / "notebooks"
        root.mkdir()
        (root.parent / "home").mkdir()
        program = find_chromium(playwright)
        if program is None:
            sys.exit("no chromium found; make screenshots installs one")
        with jupyter_lab(root) as url:
            app = App(start_chromium(playwright, program), url, root)
            take_lesson(app, folder / "first-video.png")
            take_panel(app, folder / "panel.png")
            take_grid(app, folder / "grid.png")
            if everything:
                take_models(app, folder)
                take_panel_sweep(app, folder)
                take_sweeps(app, folder)
                take_gallery(app, folder)
                take_comparisons(app, folder)


def take_lesson(app: App, target: Path) -> None:
    """The lesson with its first video finished and its second on the way."""
    app.page.set_viewport_size({"width": 1000, "height": 900})
    write_notebook(app.root / "first_video.ipynb", LESSON)
    notebook = app.open("first_video.ipynb")
    notebook.run(0, 1)
    seek(notebook, 1, 2.0)
    notebook.run(2)
    notebook.wait_for_text(2, "Generating")
    app.page.wait_for_timeout(800)
    app.page.evaluate("() => document.activeElement.blur()")
    show_from_the_top(app)
    last = notebook.cell(2).bounding_box()
    panel = app.page.locator(".jp-NotebookPanel").bounding_box()
    assert last is not None
    assert panel is not None
    clip = panel | {"height": min(last["y"] + last["height"] + 12, panel["y"] + panel["height"]) - panel["y"]}
    app.page.screenshot(path=target, clip=clip)
    notebook.video(2)


def take_panel(app: App, target: Path) -> None:
    """The panel as its cell leaves it, with its preview on the way."""
    app.page.set_viewport_size({"width": 1000, "height": 1200})
    write_notebook(app.root / "panel.ipynb", PANEL)
    notebook = app.open("panel.ipynb")
    notebook.run(0, 1)
    panel = notebook.output(1).locator(".rnb-panel")
    panel.locator(".rnb-surface").wait_for()
    panel.locator(".rnb-thumb img").wait_for()
    panel.get_by_text("left").last.wait_for()
    panel.locator(".rnb-scrub").fill(str(PREVIEWED))
    app.page.evaluate("() => document.activeElement.blur()")
    app.page.mouse.move(2, 2)
    app.page.wait_for_timeout(500)
    panel.screenshot(path=target)
    notebook.shutdown()


def take_grid(app: App, target: Path) -> None:
    """The grid of a finished sweep, one shot of it starred."""
    app.page.set_viewport_size({"width": 1000, "height": 1200})
    write_notebook(app.root / "grid.ipynb", GRID)
    notebook = app.open("grid.ipynb")
    notebook.run(0, 1)
    grid = notebook.output(1).locator(".rnb-live-grid")
    grid.locator(".rnb-strip[data-frame]").nth(5).wait_for(timeout=120_000)
    grid.get_by_role("button", name="Star light fog, place harbour").click()
    grid.get_by_role("button", pressed=True).wait_for()
    app.page.evaluate("() => document.activeElement.blur()")
    app.page.mouse.move(2, 2)
    grid.screenshot(path=target)
    notebook.shutdown()


def take_models(app: App, folder: Path) -> None:
    """The panel with other models, in each theme and width."""
    app.page.set_viewport_size({"width": 1060, "height": 2400})
    write_notebook(app.root / "models.ipynb", MODEL_PANEL)
    notebook = app.open("models.ipynb")
    notebook.run(0, 1)
    panel = notebook.output(1).locator(".rnb-panel")
    panel.locator(".rnb-thumb img").nth(1).wait_for()
    panel.get_by_role("button", name="Copy as\N{HORIZONTAL ELLIPSIS}").click()
    for name, title in MODELS.items():
        panel.get_by_label("Model", exact=True).select_option(title)
        panel.get_by_text(f"{title} takes no camera numbers").wait_for()
        app.page.evaluate("() => document.activeElement.blur()")
        app.page.mouse.move(2, 2)
        for theme, suffix in take_looks(app):
            panel.screenshot(path=folder / f"panel-{name}{suffix}-{theme}.png")
    notebook.shutdown()


def take_comparisons(app: App, folder: Path) -> None:
    """Two clips in each way to look at them, and the table that stays of them; then four clips."""
    two = open_comparison(app, "compared.ipynb", COMPARED)
    for theme, suffix in take_looks(app):
        for number, view in enumerate(("side", "wipe", "turns", "difference"), 1):
            two.stage.press(str(number))
            app.page.evaluate("() => document.activeElement.blur()")
            app.page.wait_for_timeout(200)
            two.root.screenshot(path=folder / f"compare-{view}{suffix}-{theme}.png")
        two.button("Details").click()
        two.durable.screenshot(path=folder / f"compare-durable{suffix}-{theme}.png")
        two.button("Details").click()
    two.notebook.shutdown()
    four = open_comparison(app, "takes.ipynb", COMPARED_TAKES)
    for theme, suffix in take_looks(app):
        four.root.screenshot(path=folder / f"compare-four{suffix}-{theme}.png")
    four.notebook.shutdown()


def open_comparison(app: App, name: str, cells: list[str]) -> SeenComparison:
    """Run the cells of a new notebook, of which the last compares clips."""
    app.page.set_viewport_size({"width": 1060, "height": 2400})
    write_notebook(app.root / name, cells)
    notebook = app.open(name)
    notebook.run(*range(len(cells)))
    return SeenComparison(notebook, len(cells) - 1).ready()


def take_sweeps(app: App, folder: Path) -> None:
    """The live grid of a sweep on its way with a star and an opened shot, and the table that stays of it."""
    app.page.set_viewport_size({"width": 1060, "height": 2400})
    for name, (code, width) in SWEEPS.items():
        write_notebook(app.root / f"{name}.ipynb", [code])
        notebook = app.open(f"{name}.ipynb")
        notebook.run(0)
        grid = notebook.output(0).locator(".rnb-live-grid")
        grid.locator(".rnb-strip[data-frame]").nth(4).wait_for()
        grid.get_by_role("button", name="Star zoom +5, seed 1").click()
        app.page.evaluate("() => document.activeElement.blur()")
        app.page.mouse.move(2, 2)
        for theme, suffix in take_looks(app, width):
            grid.screenshot(path=folder / f"{name}{suffix}-{theme}.png")
        grid.get_by_role("button", name="Done").click()
        grid.wait_for(state="detached")
        for theme, suffix in take_looks(app, width):
            notebook.output(0).locator(".runway-nb-sweep").screenshot(
                path=folder / f"{name}-durable{suffix}-{theme}.png"
            )
        notebook.shutdown()


def take_panel_sweep(app: App, folder: Path) -> None:
    """The sweep of a panel with its price, and then with a mistake, in each theme and width."""
    app.page.set_viewport_size({"width": 1060, "height": 2900})
    write_notebook(app.root / "sweep_panel.ipynb", PANEL)
    notebook = app.open("sweep_panel.ipynb")
    notebook.run(0, 1)
    panel = notebook.output(1).locator(".rnb-panel")
    panel.locator(".rnb-thumb img").wait_for()
    panel.get_by_role("button", name="Sweep: several shots at once").click()
    panel.get_by_role("combobox", name="Across", exact=True).select_option("zoom")
    panel.get_by_label("Values across").fill("-5, 0, 5")
    panel.get_by_role("combobox", name="Down", exact=True).select_option("seed")
    for name, text, seen in (("price", "1..3", "9 shots, 225 credits"), ("mistake", "1..many", "give a whole number")):
        panel.get_by_label("Values down").fill(text)
        panel.get_by_text(seen).first.wait_for()
        app.page.evaluate("() => document.activeElement.blur()")
        app.page.mouse.move(2, 2)
        for theme, suffix in take_looks(app):
            panel.screenshot(path=folder / f"panel-sweep-{name}{suffix}-{theme}.png")
    notebook.shutdown()


def take_looks(app: App, narrow: int = WIDTHS["-narrow"]) -> Iterator[tuple[str, str]]:
    """Show the page in each theme and width, one after the other."""
    for theme, title in THEMES.items():
        app.theme(title)
        for suffix, width in (WIDTHS | {"-narrow": narrow}).items():
            app.page.evaluate(WIDEN, width)
            app.page.wait_for_timeout(1200)
            yield theme, suffix


def seek(notebook: Notebook, index: int, seconds: float) -> None:
    """Show a frame from within the video."""
    notebook.video(index).evaluate(
        "async (video, t) => { video.preload = 'auto'; video.currentTime = t;"
        " await new Promise(done => video.addEventListener('seeked', done, {once: true})); }",
        seconds,
    )


def show_from_the_top(app: App) -> None:
    app.page.evaluate("() => { document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0; }")
    app.page.wait_for_timeout(300)


def take_gallery(app: App, folder: Path) -> None:
    """Each page of the gallery in each theme and width."""
    app.page.set_viewport_size({"width": 1060, "height": 2400})
    for name, code in GALLERY.items():
        write_notebook(app.root / f"{name}.ipynb", [code])
        notebook = app.open(f"{name}.ipynb")
        notebook.run(0)
        for theme, suffix in take_looks(app):
            box = notebook.output(0).bounding_box()
            assert box is not None
            clip = box | {"width": WIDTHS[suffix] + 90}
            app.page.screenshot(path=folder / f"{name}{suffix}-{theme}.png", clip=clip)
        notebook.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--all" in sys.argv[2:])
