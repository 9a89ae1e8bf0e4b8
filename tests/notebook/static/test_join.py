"""How modules become one script."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from runway_nb.notebook.static import STATIC, join_modules

ENTRIES = ("widget.js", "sweep_widget.js", "page_probe.js", "comparison_widget.js", "text_keeper.js", "live_html.js",
           "spoken.js")  # fmt: skip
DECLARED = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def joined(**modules: str) -> str:
    """The module `entry` with those it imports; each is given by its name."""
    return join_modules("entry.js", lambda name: modules[name.removesuffix(".js")])


def test_what_is_imported_comes_first_and_once() -> None:
    text = joined(
        entry='import { one } from "./a.js";\nimport { two } from "./b.js";\nexport default { one, two };\n',
        a='import {\n  two,\n} from "./b.js";\nexport const one = two;\n',
        b="export function two() {}\n",
    )
    assert text == "function two() {}\n\nconst one = two;\n\nexport default { one, two };\n"


@pytest.mark.parametrize("kind", ["function", "async function", "class", "const", "let"])
def test_every_kind_of_export_can_be_imported(kind: str) -> None:
    text = joined(entry='import { thing } from "./a.js";\nthing;\n', a=f"export {kind} thing\n")
    assert text == f"{kind} thing\n\nthing;\n"


def test_imports_in_comments_and_texts_stay() -> None:
    entry = '/** @import { Thing } from "./a.js" */\nconst text = "import { x } from";\n  export_("const");\n'
    assert joined(entry=entry) == entry


def test_a_circle_is_refused() -> None:
    modules = {
        "entry": 'import { a } from "./a.js";\n',
        "a": 'import { b } from "./b.js";\nexport const a = b;\n',
        "b": 'import { a } from "./a.js";\nexport const b = a;\n',
    }
    with pytest.raises(ValueError, match=r"a\.js <- b\.js <- a\.js <- entry\.js"):
        joined(**modules)


def test_a_name_that_is_not_exported_is_refused() -> None:
    with pytest.raises(ValueError, match=r"entry\.js imports two: a\.js exports no such name"):
        joined(entry='import { one, two } from "./a.js";\n', a="export const one = 1;\nconst two = 2;\n")


@pytest.mark.parametrize(
    "line",
    [
        'import a from "./a.js";', 'import * as a from "./a.js";', 'import "./a.js";', 'import { a } from "elsewhere";',
        'import { a as b } from "./a.js";', "import { a } from './a.js';", "export { a };", 'export * from "./a.js";',
        "export const { a } = b;",
    ],
)  # fmt: skip
def test_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"entry\.js (cannot be joined|imports as, b)"):
        joined(entry=f"{line}\n", a="export const a = 1;\n")


@pytest.mark.parametrize(
    ("entry", "some"),
    [
        ("widget.js", ("FACTS", "Player", "homography")),
        ("sweep_widget.js", ("Clock", "frameAt")),
        ("comparison_widget.js", ("LiveComparison", "frameAt")),
        ("text_keeper.js", ("Notebook", "render")),
    ],
)
def test_no_two_modules_declare_one_name(entry: str, some: tuple[str, ...]) -> None:
    names = Counter(DECLARED.findall(join_modules(entry)))
    assert {names[name] for name in some} == {1}
    assert [name for name, count in names.items() if count > 1] == []


def test_every_module_is_part_of_a_script_once_and_is_type_checked() -> None:
    texts = [join_modules(entry) for entry in ENTRIES]
    for path in STATIC.iterdir():
        if path.name.endswith(".js"):
            check, purpose, _ = path.read_text("utf-8").split("\n", 2)
            assert check == "// @ts-check"
            assert {text.count(purpose) for text in texts} in ({1}, {0, 1}), path.name
