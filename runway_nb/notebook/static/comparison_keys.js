// @ts-check
// What a key does to compared clips. Pure: the page asks, and does it.

/** @typedef {"side" | "wipe" | "turns" | "difference"} Mode */
/** @typedef {{ act: "play" } | { act: "step", by: number } | { act: "seek", to: "start" | "end" }} TimeAct */
/** @typedef {{ act: "divide", by: number } | { act: "show", clip: number } | { act: "mode", mode: Mode }} ViewAct */
/** @typedef {TimeAct | ViewAct | { act: "swap" }} KeyAct */

/** @type {{ mode: Mode, title: string }[]} */
export const MODES = [
  { mode: "side", title: "Side by side" },
  { mode: "wipe", title: "Wipe" },
  { mode: "turns", title: "A/B" },
  { mode: "difference", title: "Difference" },
];
const LETTERS = "abcd";
/** @type {Record<string, TimeAct>} */
const TIME_KEYS = {
  k: { act: "play" },
  ",": { act: "step", by: -1 },
  ".": { act: "step", by: 1 },
};
/** @type {Record<string, KeyAct>} */
const STAGE_KEYS = {
  arrowleft: { act: "step", by: -1 },
  arrowright: { act: "step", by: 1 },
  home: { act: "seek", to: "start" },
  end: { act: "seek", to: "end" },
  " ": { act: "play" },
};

/**
 * Return what a key does; nothing where it does nothing.
 * @param {string} pressed As the event names it.
 * @param {{ mode: Mode, count: number, onStage: boolean, divider: number }} state
 *   How the clips are shown, how many there are, whether the pictures have the focus, and one step of the divider.
 * @returns {KeyAct | null}
 */
export function keyAct(pressed, { mode, count, onStage, divider }) {
  const key = pressed.toLowerCase();
  const clip = key.length === 1 ? LETTERS.indexOf(key) : -1;
  if (clip >= 0 && clip < count) return { act: "show", clip };
  const chosen = MODES[Number(key) - 1];
  if (/^[1-4]$/.test(key) && chosen) return { act: "mode", mode: chosen.mode };
  if (key in TIME_KEYS) return TIME_KEYS[key];
  if (!onStage) return null;
  if (key === " " && mode === "turns") return { act: "swap" };
  if (mode === "wipe" && key === "arrowleft") return { act: "divide", by: -divider };
  if (mode === "wipe" && key === "arrowright") return { act: "divide", by: divider };
  return STAGE_KEYS[key] ?? null;
}

/**
 * Return the keys of a way to look, in words.
 * @type {(mode: Mode, letters: string[]) => string}
 */
export function keysText(mode, letters) {
  const show = `${letters.join(" ")} show one clip`;
  const view = "1 to 4 choose the view";
  if (mode === "wipe") return keysLine("\u2190 \u2192 move the divider", ", . one frame", "space plays", view);
  if (mode === "turns")
    return keysLine(show, "hold space for the other one", "\u2190 \u2192 one frame", "K plays", view);
  return keysLine("\u2190 \u2192 one frame", "space plays", show, view);
}

/** @param {string[]} texts */
const keysLine = (...texts) => `Keys: ${texts.join(" \u00b7 ")}`;
