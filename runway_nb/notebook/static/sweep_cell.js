// @ts-check
// One shot of a grid: its strip, or how far it is, and its star.
import { make, setAttribute, vector } from "./dom.js";
import { spoken } from "./sweep_layout.js";

/** @import { CellState } from "./sweep_layout.js" */

const STAR_PATH = "M8 1.6l2 4.1 4.5.6-3.3 3.1.8 4.5L8 11.8l-4 2.1.8-4.5L1.5 6.3 6 5.7z";
/** Keeps keys from the notebook: it takes letters and arrows for itself unless the focused element says otherwise. */
export const GUARD = { "data-lm-suppress-shortcuts": "true" };

function starIcon() {
  const path = vector("path", {
    d: STAR_PATH,
    stroke: "currentColor",
    "stroke-width": 1.2,
    "stroke-linejoin": "round",
  });
  return vector("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, path);
}

/** One shot; it is made once, and changed in place so that it keeps the focus. */
export class ShotCell {
  /**
   * @param {number} number
   * @param {string} label
   * @param {() => void} toggleStar
   */
  constructor(number, label, toggleStar) {
    this.number = number;
    this.label = label;
    this.canvas = make("canvas", { className: "rnb-strip", "aria-hidden": "true" });
    this.word = make("span", { className: "rnb-word" });
    this.detail = make("span", { className: "rnb-detail rnb-num" });
    this.done = make("i");
    this.bar = make("div", { className: "rnb-bar", "aria-hidden": "true" }, this.done);
    this.todo = make("div", { className: "rnb-todo" }, this.word, this.detail, this.bar);
    this.star = make("button", { type: "button", className: "rnb-star", tabIndex: -1, ...GUARD }, starIcon());
    this.star.onclick = () => {
      this.node.focus();
      toggleStar();
    };
    this.mark = make("span", { className: "rnb-mark", textContent: "rejected", hidden: true, "aria-hidden": "true" });
    this.caption = make("div", { className: "rnb-caption", textContent: label, title: label, "aria-hidden": "true" });
    const box = make("div", { className: "rnb-box" }, this.canvas, this.todo, this.mark, this.star);
    const data = { "data-shot": String(number), ...GUARD };
    this.node = make("div", { className: "rnb-shot", role: "gridcell", tabIndex: -1, ...data }, box, this.caption);
  }

  /**
   * Show how the shot stands.
   * @type {(cell: CellState, hasStrip: boolean, isOpened: boolean) => void}
   */
  show(cell, hasStrip, isOpened) {
    const { node } = this;
    const isDone = cell.state === "ready";
    node.classList.toggle("is-starred", cell.star);
    node.classList.toggle("is-rejected", cell.rejected);
    node.classList.toggle("is-opened", isOpened);
    node.classList.toggle("has-strip", hasStrip);
    node.dataset.state = cell.state;
    node.dataset.tone = cell.tone;
    this.word.textContent = cell.word;
    this.detail.textContent = cell.detail;
    this.bar.hidden = cell.state !== "running" && cell.state !== "waiting";
    this.bar.classList.toggle("is-waiting", cell.ratio === null);
    this.bar.classList.toggle("is-download", cell.word === "Downloading");
    this.done.style.width = `${(cell.ratio ?? 0) * 100}%`;
    this.star.hidden = !isDone;
    this.mark.hidden = !cell.rejected;
    setAttribute(this.star, "aria-pressed", String(cell.star));
    setAttribute(this.star, "aria-label", `Star ${this.label}`);
    setAttribute(node, "aria-label", spoken(this.label, cell));
    setAttribute(node, "aria-selected", String(isOpened));
    setAttribute(node, "title", [this.label, cell.title].filter(Boolean).join("\n"));
  }
}
