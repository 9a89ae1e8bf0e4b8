// @ts-check
// The keyboard of a grid of shots. Pure functions.

/** @typedef {(number | null)[][]} Rows Numbers of shots; null where there is none. */

/** @type {Record<string, string>} */
const ACTS = { s: "star", S: "star", x: "reject", X: "reject", Enter: "open", " ": "play", Escape: "close" };
/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * Return what a key does to the shot that has the focus, or nothing.
 * @param {{ key: string, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean }} event
 */
export const actOf = ({ key, ctrlKey, altKey, metaKey }) => (ctrlKey || altKey || metaKey ? undefined : ACTS[key]);

/**
 * Return where a shot stands: row and column; nothing where it is not shown.
 * @type {(rows: Rows, number: number) => [number, number] | undefined}
 */
function placeOf(rows, number) {
  const row = rows.findIndex(line => line.includes(number));
  return row < 0 ? undefined : [row, rows[row].indexOf(number)];
}

/**
 * Return the shot that a key moves to from another, or nothing where it does not move: past gaps, never around an edge.
 * Home and End go to the ends of the row, with Ctrl to those of all.
 * @param {Rows} rows
 * @param {number} number
 * @param {{ key: string, ctrlKey?: boolean }} event
 * @returns {number | undefined}
 */
export function movedTo(rows, number, { key, ctrlKey }) {
  const place = placeOf(rows, number);
  if (!place) return undefined;
  const [row, column] = place;
  if (key === "Home" || key === "End") {
    const line = (ctrlKey ? rows.flat() : rows[row]).filter(one => one !== null);
    return line.at(key === "Home" ? 0 : -1);
  }
  const step = STEPS[key];
  if (!step) return undefined;
  let [r, c] = [row + step[0], column + step[1]];
  while (r >= 0 && r < rows.length && c >= 0) {
    // a last row may be shorter: down from beyond its end goes to its end
    const at = step[0] && c >= rows[r].length ? rows[r].length - 1 : c;
    if (at >= rows[r].length) return undefined;
    const found = rows[r][at];
    if (found !== null) return found;
    [r, c] = [r + step[0], c + step[1]];
  }
  return undefined;
}

/**
 * Return the shot that is reached with Tab: the one that was last, or the first that is shown.
 * @type {(rows: Rows, last: number) => number}
 */
export const tabStop = (rows, last) => (placeOf(rows, last) ? last : (rows.flat().find(one => one !== null) ?? -1));
