"""The inline styles of results, in one place.

They are what the sanitizers of all JupyterLab versions leave of an untrusted output (Jupyter facts, section 8): no
theme variable, no `currentColor`, no `inherit`; text in the inherited colour. Some sanitizers take the wrapping of
flex boxes away and read no number without its zero: numbers below 1 are written 0.74.
"""

from __future__ import annotations


def grey(alpha: float) -> str:
    """Return a grey that stands out from white and from black; `alpha` is 0 to 1."""
    return f"rgba(128,128,128,{alpha:g})"


TONES = {"bad": "#d9483b", "warn": "#e08a1e", "calm": "#6b8fb5", "good": "#43a047"}
"""The edge and the mark of a notice, and the mark of a line in a report."""

# --- parts of styles ------------------------------------------------------------------------------

QUIET = "opacity:0.74"
HAIRLINE = f"1px solid {grey(0.35)}"
TEXT_FONT = "font-family:system-ui, -apple-system, Segoe UI, sans-serif"
CODE_FONT = "font-family:ui-monospace, Menlo, Consolas, monospace"
TEXT = f"font-size:13px;line-height:20px;{TEXT_FONT}"
SMALL = "font-size:12px;line-height:18px"
FACTS = f"{QUIET};{SMALL}"
CODE = f"{CODE_FONT};font-size:12px"
NO_BACKGROUND = "background:none"
"""For every part of a table: JupyterLab styles tables in outputs."""
CUT = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"

# --- results and notices --------------------------------------------------------------------------

RESULT = f"display:flex;flex-wrap:wrap;gap:8px 16px;align-items:flex-start;max-width:880px;margin:4px 0 12px 0;{TEXT}"
LIVE_CARD = "min-width:300px"
"""Of a card outside of JupyterLab: in a row of several no width comes from what is inside."""
BESIDE_VIDEO = "flex:1 1 240px;min-width:0"
BELOW_VIDEO = "flex:1 1 100%;min-width:0"
PROMPT = "font-size:14px;line-height:20px;margin:0 0 6px 0"
BADGE = (
    f"display:inline-block;border:1px dashed {grey(0.9)};border-radius:9px;padding:0 8px;font-size:11px;"
    "line-height:16px;white-space:nowrap"
)
FILE_LINK = f"margin-top:6px;{SMALL}"
DETAILS = f"margin-top:8px;{SMALL}"
SUMMARY = "cursor:pointer"
SETTINGS = "border-collapse:collapse;margin:6px 0;font-size:12px;border:none"
SETTING_NAME = f"text-align:left;font-weight:400;{QUIET};padding:1px 12px 1px 0;vertical-align:top;{NO_BACKGROUND}"
SETTING = f"text-align:left;padding:1px 0;{NO_BACKGROUND}"
COMPARISON = "margin:0 0 6px 0"
BLOCK = "display:block"
CELL = (
    f"{CODE};line-height:17px;margin:0;padding:8px 10px;border:{HAIRLINE};border-radius:4px;white-space:pre-wrap;"
    f"word-break:normal;background:{grey(0.08)}"
)
COMMAND = (
    f"{CODE};line-height:17px;margin:6px 0 0 0;padding:4px 8px;border-radius:4px;background:{grey(0.12)};"
    "display:inline-block;word-break:normal"
)
PANEL_CELL = f"margin:6px 0;white-space:pre-wrap;word-break:normal;padding:8px 10px;border:{HAIRLINE};border-radius:4px"
TITLE = "font-weight:600"


def video_column(width: int, *, portrait: bool) -> str:
    """Return the style of what holds a player; `width` in pixels."""
    return f"flex:{'0 1 240px' if portrait else '1 1 400px'};max-width:{width}px;min-width:0"


def player(width: int) -> str:
    """Return the style of a player that is at most `width` pixels wide."""
    return f"display:block;width:100%;height:auto;max-width:{width}px;border-radius:4px;background:#000"


def notice(tone: str) -> str:
    """Return the style of a notice in a tone."""
    return (
        f"max-width:880px;margin:4px 0;padding:8px 12px;border:{HAIRLINE};border-left:3px solid {TONES[tone]};"
        f"border-radius:4px;{TEXT};box-sizing:border-box"
    )


def mark(tone: str) -> str:
    """Return the style of a notice's mark in a tone."""
    return f"display:inline-block;width:18px;color:{TONES[tone]};font-weight:700"


# --- tables ---------------------------------------------------------------------------------------

TABLE = "border-collapse:collapse;border:none"
TABLE_HEAD = "border:none"
TABLE_CELL = f"text-align:left;padding:2px 16px 2px 0;{NO_BACKGROUND}"
TABLE_TITLE = f"{TABLE_CELL};font-weight:600"

# --- help and reports -----------------------------------------------------------------------------

HELP = f"max-width:880px;margin:4px 0 12px 0;{TEXT}"
HELP_USAGE = f"{CODE};font-size:13px;font-weight:600;margin:12px 0 4px 0"
HELP_INTRO = "margin:0 0 8px 0"
WRAPPED_TABLE = "border-collapse:collapse;border:none;table-layout:fixed;width:100%;margin:0"
"""A table as wide as its place; its columns are as wide as the cells of its head say, and their words wrap."""
WRAPPED_CELL = (
    f"text-align:left;vertical-align:top;padding:3px 12px 3px 0;white-space:normal;word-wrap:break-word;"
    f"{NO_BACKGROUND};border:none;border-top:{HAIRLINE};{SMALL};{TEXT_FONT}"
)
TYPED_CELL = f"{WRAPPED_CELL};{CODE_FONT}"
UNBROKEN = "white-space:nowrap"
REPORT_END = f"margin:8px 0 0 0;{TITLE}"
ADVICE = "margin:2px 0 0 0;font-weight:600"
CLIPS = "margin:8px 0 0 0"
CLIP_ROW = "display:flex;flex-wrap:wrap;gap:8px 16px"


def wrapped_title(percent: int) -> str:
    """Return the style of the title of a column, `percent` of the table's width wide."""
    return f"{WRAPPED_CELL};border-top:none;font-weight:600;width:{percent}%"


# --- sweeps ---------------------------------------------------------------------------------------

STAR = "#3d85c6"
"""The edge of a picture that is starred."""
SWEEP = f"max-width:880px;margin:4px 0 12px 0;{SMALL};{TEXT_FONT}"
ABOVE = "margin:0 0 6px 0"
SCROLLED = "overflow-x:auto;margin:0 0 4px 0"
PAGE_TITLE = f"caption-side:top;text-align:left;padding:8px 0 2px 0;font-weight:600;font-size:13px;{TEXT_FONT}"
_LABEL = f"font-weight:400;border:none;{NO_BACKGROUND};white-space:normal;word-wrap:break-word"
COLUMN_LABEL = f"text-align:center;vertical-align:bottom;padding:2px 3px;{_LABEL}"
ROW_LABEL = f"text-align:left;vertical-align:middle;padding:3px 6px 3px 0;{_LABEL}"
SHOT_CELL = f"padding:2px;border:none;text-align:center;vertical-align:top;{NO_BACKGROUND}"
STATE_CELL = f"{SHOT_CELL};vertical-align:middle;white-space:normal;word-wrap:break-word"
SHOT_LABEL = "white-space:normal;word-wrap:break-word"
SHOT_DETAILS = "font-size:11px;line-height:18px;text-align:center"
NO_PREVIEW = f"{QUIET};border:{HAIRLINE};border-radius:4px;padding:8px 4px"
STATUS = f"{QUIET};margin-top:4px"
SHOT_NAME = f"{SETTING_NAME};white-space:normal;word-wrap:break-word"
SHOT_FACT = f"text-align:left;padding:1px 12px 1px 0;vertical-align:top;{NO_BACKGROUND}"

# --- comparisons ----------------------------------------------------------------------------------

REMOVED_WORDS = "text-decoration:line-through;background:rgba(217,72,59,0.2);border-radius:2px"
ADDED_WORDS = "text-decoration:underline;background:rgba(67,160,71,0.25);border-radius:2px"
COMPARED = f"margin:4px 0 12px 0;{TEXT}"
COMPARED_TITLE = (
    f"text-align:left;vertical-align:top;padding:6px 12px 4px 0;white-space:normal;{NO_BACKGROUND};{SMALL};{TEXT_FONT};"
    "font-weight:600"
)
COMPARED_CELL = (
    f"text-align:left;vertical-align:top;padding:2px 12px 2px 0;white-space:normal;word-wrap:break-word;"
    f"{NO_BACKGROUND};{SMALL};{TEXT_FONT}"
)
COMPARED_SAME = f"{COMPARED_CELL};border-top:{HAIRLINE};padding-top:6px"


def compared_picture(width: int, mark: str) -> str:
    """Return the style of the picture of a compared clip; `width` in pixels, `mark` as for `shot_edge`."""
    return f"display:block;width:100%;height:auto;max-width:{width}px;border:{shot_edge(mark)};border-radius:4px"


def compared_table(columns: int, width: int) -> str:
    """Return the style of a table of so many columns, each at most `width` pixels wide."""
    return (
        f"border-collapse:collapse;border:none;table-layout:fixed;margin:0;width:100%;max-width:{columns * width}px;"
        f"min-width:{columns * 104}px"
    )


# --- the asset gallery ----------------------------------------------------------------------------

GALLERY = f"margin:4px 0;{SMALL};{TEXT_FONT}"
TILES = "margin:8px 0 0 0"
TILE_NAME = f"{CUT};margin:4px 0 0 0"
TILE_FACTS = f"{CUT};{QUIET}"
TILE_PROMPT = "margin:4px 0 0 0;word-wrap:break-word"
TILE_MARK = "font-weight:600;margin:4px 0 0 0"
TILE_NOTE = f"margin:2px 0 0 0;padding:0 0 0 6px;border-left:2px solid {grey(0.5)};word-wrap:break-word"
TILE_ID = f"{CODE_FONT};{QUIET}"
TILE_TYPED = f"{CODE_FONT};font-weight:600;white-space:pre-wrap;word-wrap:break-word"


def sweep_table(least: int, most: int) -> str:
    """Return the style of a table of videos in columns of equal width; `least` and `most` pixels wide."""
    return (
        f"width:100%;min-width:{least}px;max-width:{most}px;table-layout:fixed;border-collapse:collapse;border:none;"
        f"margin:0;{SMALL};{TEXT_FONT}"
    )


def label_column(width: int) -> str:
    """Return the style of the empty corner above the labels of the rows; `width` in pixels."""
    return f"width:{width}px;border:none;padding:0;{NO_BACKGROUND}"


def shot_edge(mark: str) -> str:
    """Return the edge of a picture that is `starred`, `rejected` or neither."""
    return {"starred": f"2px solid {STAR}", "rejected": f"2px dashed {grey(0.9)}"}.get(mark, "2px solid transparent")


def shot_picture(width: int, mark: str) -> str:
    """Return the style of the picture of a video; `width` in pixels."""
    faded = ";opacity:0.5" if mark == "rejected" else ""
    return (
        f"display:block;width:100%;height:auto;max-width:{width}px;margin:0 auto;border:{shot_edge(mark)};"
        f"border-radius:4px;box-sizing:border-box{faded}"
    )


def shot_player(least: int, most: int) -> str:
    """Return the style of what holds a player below its picture; `least` and `most` pixels wide."""
    return f"margin:0 auto;min-width:{least}px;max-width:{most}px"


def shot_mark(tone: str) -> str:
    """Return the style of the mark before a state, in a tone."""
    return f"color:{TONES[tone]};font-weight:700"


def tile(width: int) -> str:
    """Return the style of a tile; inline blocks, since not every sanitizer leaves the wrapping of flex boxes."""
    return f"display:inline-block;vertical-align:top;width:{width}px;margin:0 12px 16px 0"


def tile_box(height: int) -> str:
    """Return the style of the box of a tile's picture; `height` in pixels."""
    return (
        f"height:{height}px;line-height:{height}px;text-align:center;overflow:hidden;border-radius:4px;"
        f"background:{grey(0.14)}"
    )


def tile_picture(gap: int) -> str:
    """Return the style of a tile's picture, `gap` pixels below the upper edge of its box."""
    return f"display:block;margin:{gap}px auto 0 auto"
