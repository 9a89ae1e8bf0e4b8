// @ts-check
// What the page knows of a sweep, for all views of one widget: it begins with the widget's own values, and messages bring
// what changes.
/** @import { WidgetModel } from "./kernel.js" */
/** @import { CellState, SweepPlan } from "./sweep_layout.js" */
/** @import { Strip } from "./strip_painter.js" */
/** @import { Measures } from "./strip_time.js" */

/** @typedef {{ status: string, cost: string, isOpen: boolean, cells: Record<string, CellState>,
 *   turns?: Record<string, number> }} Update With the last mark of each shot that the kernel has heard of. */
/** @typedef {{ changed: number[], strip?: number, text?: string }} Change What listeners hear. */

/** Milliseconds in which the kernel hears at most once that somebody is at work here. */
const ACT_EVERY = 60_000;

export class SweepStore {
  /** @param {WidgetModel} model */
  constructor(model) {
    this.model = model;
    /** @type {SweepPlan} */
    this.plan = model.get("plan");
    /** @type {CellState[]} */
    this.cells = [];
    /** @type {Map<number, Strip>} */
    this.strips = new Map();
    this.status = "";
    this.cost = "";
    this.isOpen = false;
    this.actedAt = 0;
    this.turn = 0;
    /** @type {Map<number, number>} The last mark of a shot that the kernel has not answered yet. */
    this.asked = new Map();
    /** @type {Set<(change: Change) => void>} */
    this.listeners = new Set();
    this.update(model.get("first"));
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
  }

  /** Let the kernel know that a view is there: it sends what is missing here, and puts back what a view has lost. */
  greet() {
    this.model.send({ kind: "hello", held: [...this.strips.keys()] });
  }

  /** @type {(listener: (change: Change) => void, signal: AbortSignal) => void} */
  listen(listener, signal) {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  /** @type {(change: Change) => void} */
  report(change) {
    for (const listener of this.listeners) listener(change);
  }

  /** @type {(message: any, buffers?: DataView[]) => void} */
  hear(message, buffers = []) {
    if (message.kind === "update") this.report({ changed: this.update(message) });
    else if (message.kind === "strip") this.takeStrip(message, buffers[0]);
    else if (message.kind === "say") this.report({ changed: [], text: message.text });
  }

  /**
   * Take what has changed; return the numbers of the shots.
   * @param {Update} message
   */
  update({ status, cost, isOpen, cells, turns = {} }) {
    Object.assign(this, { status, cost, isOpen });
    const changed = Object.keys(cells).map(Number);
    for (const number of changed) this.cells[number] = this.unanswered(number, turns, cells[number]);
    return changed;
  }

  /**
   * Return how a shot stands; while a later mark of it is on its way, with the marks that the page shows already.
   * @type {(number: number, turns: Record<string, number>, cell: CellState) => CellState}
   */
  unanswered(number, turns, cell) {
    const asked = this.asked.get(number);
    if (asked !== undefined && (turns[number] ?? 0) < asked) {
      const { star, rejected } = this.cells[number];
      return { ...cell, star, rejected };
    }
    this.asked.delete(number);
    return cell;
  }

  /** @type {(message: Measures & { number: number }, data: DataView) => void} */
  takeStrip({ number, frames, columns, width, height, seconds }, data) {
    if (this.strips.has(number) || !data) return;
    const picture = new Blob([/** @type {BlobPart} */ (data)], { type: "image/jpeg" });
    this.strips.set(number, { picture, frames, columns, width, height, seconds });
    this.report({ changed: [], strip: number });
  }

  /** Seconds of the longest clip that moves. */
  get length() {
    const moving = [...this.strips.values()].filter(strip => strip.frames > 1);
    return Math.max(0, ...moving.map(strip => strip.seconds));
  }

  /** @param {number} number */
  label(number) {
    return this.plan.cells[number].label;
  }

  get starred() {
    return this.cells.flatMap((cell, number) => (cell.star ? [number] : []));
  }

  // --- what the kernel is asked to do ---------------------------------------------------------------

  /**
   * Star a shot or reject it, at once in the page; each takes the other back.
   * @type {(number: number, name: "star" | "rejected", value: boolean) => void}
   */
  mark(number, name, value) {
    const other = name === "star" ? "rejected" : "star";
    const taken = value ? { [other]: false } : {};
    this.cells[number] = { ...this.cells[number], [name]: value, ...taken };
    this.asked.set(number, ++this.turn);
    this.model.send({ kind: "mark", shot: number, name, value, turn: this.turn });
    this.report({ changed: [number] });
  }

  /** @type {(kind: string, shot?: number) => void} */
  ask(kind, shot = -1) {
    this.model.send({ kind, shot });
  }

  /** Let the kernel know that the grid is used, though nothing of it needs the kernel. */
  act() {
    if (Date.now() - this.actedAt < ACT_EVERY) return;
    this.actedAt = Date.now();
    this.model.send({ kind: "act" });
  }
}
