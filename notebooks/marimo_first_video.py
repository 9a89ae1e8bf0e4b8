"""A first video in marimo: `marimo edit notebooks/marimo_first_video.py`, or `marimo run` for the page alone."""

import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    import runway_nb

    return mo, runway_nb


@app.cell
def _(mo):
    mo.md(
        """
        # A first video

        A picture, a camera move and a sentence become a shot. Without a token it is made by the simulator and costs
        nothing. A cell that runs again asks for the same shot: what is there or still runs is shown, and nothing is
        sent a second time.
        """
    )
    return


@app.cell
def _(runway_nb):
    shot = runway_nb.generate(
        "The beam sweeps over the sea.", first="lighthouse-dusk", camera=runway_nb.Camera(zoom=4), seed=7
    )
    shot  # noqa: B018 - the value of the cell is its output
    return (shot,)


@app.cell
def _(mo):
    mo.md("""A cell that needs the finished video waits for it; the shot above moves on meanwhile. Its last frame:""")
    return


@app.cell
def _(shot):
    shot.wait().last_frame  # noqa: B018 - as above
    return


if __name__ == "__main__":
    app.run()
