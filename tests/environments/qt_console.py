"""The Qt console as its user drives it: types a cell line by line, waits for it, and prints all that the window shows.

    jupyter-qtconsole FIRST_LINE WORDS

Run by the interpreter that has qtconsole, without a screen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from qtconsole.qtconsoleapp import JupyterQtConsoleApp
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QTextEdit

PATIENCE = 60_000
"""Milliseconds that a step may take."""


class Typist:
    """Types at a console, step by step."""

    def __init__(self, app: JupyterQtConsoleApp, first: str, words: str) -> None:
        self.app, self.console = app, app.window.active_frontend
        self.first, self.words = first, words

    def begin(self) -> None:
        """Load the extension once the kernel has answered."""
        self.when(lambda: self.waits(1), lambda: self.enter(1, "%load_ext runway_nb", self.type_first))

    def type_first(self) -> None:
        """Type the first line of a cell; the console asks the kernel whether it is all."""
        self.console.input_buffer = self.first
        self.console.execute(interactive=True)
        self.when(lambda: "\n" in self.console.input_buffer, self.type_rest)

    def type_rest(self) -> None:
        """Send the whole cell, and open a panel."""
        print("incomplete, then sent")
        self.enter(2, f"{self.first}\n{self.words}", lambda: self.enter(3, "%runway panel", self.end))

    def enter(self, number: int, text: str, then: Callable[[], None]) -> None:
        """Send a cell, and go on when the next prompt waits."""
        self.console.input_buffer = text
        self.console.execute()
        self.when(lambda: self.waits(number + 1), then)

    def waits(self, number: int) -> bool:
        """Whether the prompt of this number waits for input."""
        return self.text().rstrip().endswith(f"In [{number}]:")

    def text(self) -> str:
        """Return all that the window shows."""
        return "".join(each.toPlainText() for each in self.console.findChildren(QTextEdit))

    def when(self, holds: Callable[[], bool], then: Callable[[], None], left: int = PATIENCE) -> None:
        """Go on once something holds; after a while with the end."""
        if holds():
            then()
        elif left <= 0:
            print("nothing more came")
            self.end()
        else:
            QTimer.singleShot(100, lambda: self.when(holds, then, left - 100))

    def end(self) -> None:
        """Print what is shown, and leave."""
        print(self.text())
        self.console.kernel_client.stop_channels()
        self.console.kernel_manager.shutdown_kernel(now=True)
        self.app.app.exit()  # to quit would ask whether the window may close


def main(first: str, words: str) -> None:
    app = JupyterQtConsoleApp.instance()
    app.initialize([])
    app.window.show()
    typist = Typist(app, first, words)
    QTimer.singleShot(0, typist.begin)
    app.app.exec_()


if __name__ == "__main__":
    main(*sys.argv[1:3])
