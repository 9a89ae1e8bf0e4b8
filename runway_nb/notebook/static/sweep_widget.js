// @ts-check
// The live grid of a sweep as anywidget starts it: cells, one playhead for all of them, the keyboard and the notebook.
import { find, make, setAttribute, targetOf } from "./dom.js";
import { keepTexts, Notebook } from "./host.js";
import { Kernel } from "./kernel.js";
import { StripPainter } from "./strip_painter.js";
import { Clock } from "./strip_time.js";
import { ShotCell } from "./sweep_cell.js";
import { copyText } from "./sweep_copy.js";
import { actOf, movedTo, tabStop } from "./sweep_keys.js";
import { layOut, tilesAcross } from "./sweep_layout.js";
import { openedParts, SWEEP_ICONS, sweepParts } from "./sweep_parts.js";
import { SweepStore } from "./sweep_store.js";

/** @import { WidgetModel } from "./kernel.js" */
/** @import { Change } from "./sweep_store.js" */
/** @import { Layout } from "./sweep_layout.js" */

/** The share of the time at which the shots stand at first: what differs is seen late. */
const FIRST_SHARE = 0.8;
/** Pixels that a tile has at least, and how many stand beside each other at most. */
const TILE = 150;
const MOST_TILES = 6;

/** One view of the grid. */
class SweepView {
  /**
   * @param {SweepStore} store
   * @param {HTMLElement} el
   */
  constructor(store, el) {
    this.store = store;
    this.el = el;
    this.gone = new AbortController();
    const { signal } = this.gone;
    this.notebook = Notebook.around(store.model);
    this.kernel = new Kernel(store.model);
    this.parts = sweepParts(store.plan);
    this.clock = new Clock(FIRST_SHARE);
    this.painter = new StripPainter(() => this.drawSoon(), signal);
    this.drawing = 0;
    this.across = 0;
    this.last = 0;
    /** @type {Layout} */
    this.layout = { columns: [], titles: [], rows: [] };
    this.cells = store.plan.cells.map((place, number) => this.makeCell(place.label, number));
    this.build();
    this.listen();
    this.arrange();
    this.showHead();
    this.play(false);
    this.showOpened();
    this.leaveIfOver();
    store.greet();
  }

  /** @type {(label: string, number: number) => ShotCell} */
  makeCell(label, number) {
    const cell = new ShotCell(number, label, () => this.toggle(number, "star"));
    cell.node.ondblclick = () => this.open(number);
    cell.node.onfocus = () => this.becomeTabStop(number);
    this.painter.watch(cell.canvas);
    return cell;
  }

  build() {
    const { parts, el, store } = this;
    const { frame } = store.plan;
    el.classList.add("rnb-live-grid");
    el.style.setProperty("--rnb-shape", `${frame[0]} / ${frame[1]}`);
    el.style.setProperty("--rnb-widest", `${Math.round(Math.min(360, (280 * frame[0]) / frame[1]))}px`);
    setAttribute(parts.grid, "aria-label", store.plan.title);
    el.append(parts.summary, parts.transport, parts.choices, parts.grid, parts.none, parts.hint, parts.buttons);
    el.append(parts.note, parts.opened, parts.say);
  }

  // --- events -------------------------------------------------------------------------------------

  listen() {
    const { parts, store, gone } = this;
    const { model } = store;
    store.listen(change => this.hear(change), gone.signal);
    model.on("msg:custom", message => this.hearKernel(message));
    model.on("change:opened", () => this.showOpened());
    model.on("change:is_over", () => this.leaveIfOver());
    parts.grid.onkeydown = event => this.press(event);
    parts.play.onclick = () => this.play(!this.clock.isPlaying);
    parts.scrub.oninput = () => this.seek(Number(parts.scrub.value) / 1000);
    for (const control of [parts.sort, parts.hide, ...parts.pages]) control.onchange = () => this.rearrange();
    parts.filter.oninput = () => this.rearrange();
    parts.stop.onclick = () => store.ask("stop");
    parts.done.onclick = () => store.ask("leave");
    parts.copy.onclick = () => this.copy(store.starred, parts.buttons, "Cells of the starred shots");
    const size = new ResizeObserver(() => requestAnimationFrame(() => this.fit()));
    size.observe(this.el);
    gone.signal.addEventListener("abort", () => size.disconnect());
    this.notebook?.whenSaved(() => this.notebook?.keep(model.get("texts")), gone.signal);
    this.notebook?.whenKernelEnds(() => this.notebook?.putTexts(model.get("texts")), gone.signal);
  }

  /** @param {any} message */
  hearKernel(message) {
    if (this.gone.signal.aborted) return;
    if (message.kind === "put") this.notebook?.putLost(message.display_id, message.data);
    else this.kernel.hear(message);
  }

  /** @param {Change} change */
  hear({ changed, strip, text }) {
    if (text) this.tell(text);
    const ended = changed.filter(number => this.isNews(number));
    for (const number of strip === undefined ? changed : [strip]) this.showCell(number);
    if (strip !== undefined) this.clock.setLength(this.store.length);
    if (ended.includes(this.store.model.get("opened"))) this.showOpened();
    if (changed.length && (this.choice.sort !== "grid" || this.choice.words || this.choice.hideRejected))
      this.arrange();
    this.showHead();
    this.report(ended);
    this.drawSoon();
  }

  /** @param {number} number */
  isNews(number) {
    const { state } = this.store.cells[number];
    return this.cells[number].node.dataset.state !== state && (state === "ready" || state === "ended");
  }

  /** Say which shots have ended, and nothing of how far the others are. @param {number[]} ended */
  report(ended) {
    if (ended.length === 1) this.say(this.cells[ended[0]].node.getAttribute("aria-label") ?? "");
    else if (ended.length) this.say(`${ended.length} shots have ended: ${this.store.status}`);
  }

  /** Let a screen reader say a text. @param {string} text */
  say(text) {
    this.parts.say.textContent = text;
  }

  /** Say what the kernel has to say of an act, and show it until the next act. @param {string} text */
  tell(text) {
    this.say(text);
    this.parts.note.textContent = text;
    this.parts.note.hidden = !text;
  }

  // --- what is shown where ------------------------------------------------------------------------

  get choice() {
    const { sort, filter, hide, pages } = this.parts;
    const page = pages.map(select => Number(select.value));
    return { sort: sort.value, words: filter.value, hideRejected: hide.checked, page };
  }

  rearrange() {
    this.store.act();
    this.arrange();
    this.say(`${this.layout.rows.flat().filter(number => number !== null).length} shots shown`);
  }

  /** Put every cell in its place; those that stay keep their nodes. */
  arrange() {
    const { grid, none } = this.parts;
    const hadFocus = grid.contains(document.activeElement);
    this.across = tilesAcross(this.el.clientWidth || 640, TILE, Math.min(MOST_TILES, this.cells.length));
    this.layout = layOut(this.store.plan, this.store.cells, this.choice, this.across);
    const { columns, titles, rows } = this.layout;
    const width = columns.length || Math.min(this.across, Math.max(1, ...rows.map(row => row.length)));
    grid.style.setProperty("--rnb-columns", String(width));
    grid.classList.toggle("has-axes", columns.length > 0);
    const head = columns.length
      ? [rowOf(make("span", { className: "rnb-corner", role: "gridcell" }), ...columns.map(columnTitle))]
      : [];
    const lines = rows.map((row, at) => {
      const cells = row.map(number => (number === null ? gap() : this.cells[number].node));
      return rowOf(...(titles.length ? [rowTitle(titles[at])] : []), ...cells);
    });
    grid.replaceChildren(...head, ...lines);
    none.hidden = rows.length > 0;
    grid.hidden = !rows.length;
    for (const number of rows.flat()) if (number !== null) this.showCell(number);
    this.becomeTabStop(tabStop(rows, this.last));
    if (hadFocus) this.cells[this.last]?.node.focus();
    this.drawSoon();
  }

  /** Tiles stand in as many columns as there is room for. */
  fit() {
    const across = tilesAcross(this.el.clientWidth || 640, TILE, Math.min(MOST_TILES, this.cells.length));
    if (!this.gone.signal.aborted && across !== this.across && !this.layout.columns.length) this.arrange();
    this.drawSoon();
  }

  /** @param {number} number */
  showCell(number) {
    const strip = this.store.strips.get(number);
    const cell = this.cells[number];
    this.painter.give(cell.canvas, strip);
    cell.show(this.store.cells[number], Boolean(strip), this.store.model.get("opened") === number);
  }

  showHead() {
    const { parts, store } = this;
    parts.status.textContent = store.status;
    parts.cost.textContent = store.cost;
    parts.stop.disabled = !store.isOpen;
    parts.copy.disabled = !store.starred.length;
    parts.play.disabled = parts.scrub.disabled = !this.clock.length;
  }

  // --- keyboard and marks ---------------------------------------------------------------------------

  /** @param {number} number */
  becomeTabStop(number) {
    if (this.cells[this.last]) this.cells[this.last].node.tabIndex = -1;
    this.last = Math.max(0, number);
    if (this.cells[this.last]) this.cells[this.last].node.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const shot = targetOf(event).dataset.shot;
    if (shot === undefined) return;
    const number = Number(shot);
    const next = movedTo(this.layout.rows, number, event);
    const act = actOf(event);
    if (next === undefined && !act && !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== undefined) this.cells[next].node.focus();
    else if (act === "star") this.toggle(number, "star");
    else if (act === "reject") this.toggle(number, "rejected");
    else if (act === "open") this.open(number);
    else if (act === "close") this.close();
    else if (act === "play") this.play(!this.clock.isPlaying);
  }

  /** @type {(number: number, name: "star" | "rejected") => void} */
  toggle(number, name) {
    const cell = this.store.cells[number];
    const label = this.store.label(number);
    if (name === "star" && cell.state !== "ready") {
      this.say(`${label} has no video to star.`);
      return;
    }
    const value = !cell[name];
    this.parts.note.hidden = true;
    this.store.mark(number, name, value);
    const words = { star: ["star removed", "starred"], rejected: ["no longer rejected", "rejected"] };
    this.say(`${label}: ${words[name][Number(value)]}`);
  }

  // --- the shot that is opened ------------------------------------------------------------------------

  /** @param {number} number */
  open(number) {
    this.parts.note.hidden = true;
    this.store.ask("open", number);
    this.say(`Opening ${this.store.label(number)} below the grid`);
  }

  close() {
    if (this.store.model.get("opened") >= 0) this.store.ask("open", -1);
  }

  showOpened() {
    const { store, parts } = this;
    const number = store.model.get("opened");
    const was = find(parts.grid, ".is-opened")?.dataset.shot;
    for (const each of [number, was === undefined ? -1 : Number(was)]) if (each >= 0) this.showCell(each);
    parts.opened.hidden = number < 0;
    parts.opened.replaceChildren();
    if (number < 0) return;
    const { nodes, act } = openedParts(store.label(number), store.cells[number].state === "ready");
    setAttribute(parts.opened, "aria-label", `Opened: ${store.label(number)}`);
    parts.opened.append(...nodes);
    act.panel.onclick = () => store.ask("panel", number);
    act.continue.onclick = () => store.ask("continue", number);
    act.copy.onclick = () => this.copy([number], parts.opened, "Cell");
    act.close.onclick = () => {
      this.close();
      this.cells[number].node.focus();
    };
    this.say(`${store.label(number)} is open below the grid`);
  }

  /** @type {(numbers: number[], room: HTMLElement, name: string) => Promise<void>} */
  async copy(numbers, room, name) {
    this.say(await copyText(this.kernel.ask("cells", { numbers }), room, name));
  }

  // --- time -------------------------------------------------------------------------------------------

  /** @param {boolean} on */
  play(on) {
    const { glyph, play } = this.parts;
    if (on) {
      this.clock.play();
      this.store.act();
    } else this.clock.pause();
    glyph.setAttribute("d", this.clock.isPlaying ? SWEEP_ICONS.pause : SWEEP_ICONS.play);
    play.setAttribute("aria-label", this.clock.isPlaying ? "Pause all" : "Play all");
    this.drawSoon();
  }

  /** @param {number} share */
  seek(share) {
    this.clock.seek(share);
    this.play(false);
    this.store.act();
  }

  /** Everything is drawn from here, so that all shots show one time. */
  drawSoon() {
    if (this.drawing || this.gone.signal.aborted) return;
    this.drawing = requestAnimationFrame(now => {
      this.drawing = 0;
      const wasPlaying = this.clock.isPlaying;
      this.clock.tick(now);
      this.painter.draw(this.clock.seconds);
      this.showTime();
      if (this.clock.isPlaying) this.drawSoon();
      else if (wasPlaying) this.play(false);
    });
  }

  showTime() {
    const { scrub, clock } = this.parts;
    const text = this.clock.seconds.toFixed(1);
    scrub.value = String(Math.round(this.clock.share * 1000));
    scrub.style.setProperty("--rnb-done", `${this.clock.share * 100}%`);
    scrub.setAttribute("aria-valuetext", `${text} of ${this.clock.length.toFixed(1)} seconds`);
    clock.textContent = this.clock.length ? `${text} s` : "";
  }

  // --- the end ----------------------------------------------------------------------------------------

  /** A page that was loaded anew does not hear what is put in the grid's place: then it is empty, and hides nothing. */
  leaveIfOver() {
    if (!this.store.model.get("is_over")) return;
    this.el.classList.remove("rnb-live-grid");
    this.el.replaceChildren();
  }

  leave() {
    this.gone.abort();
    cancelAnimationFrame(this.drawing);
    this.clock.pause();
    // after its output is gone, its text need not be kept
    setTimeout(() => this.notebook?.keep({}));
  }
}

/** @param {...HTMLElement} cells */
const rowOf = (...cells) => make("div", { className: "rnb-line", role: "row" }, ...cells);
/** @param {string} text */
const columnTitle = text =>
  make("span", { className: "rnb-axis-top", role: "columnheader", textContent: text, title: text });
/** @param {string} text */
const rowTitle = text =>
  make("span", { className: "rnb-axis-side", role: "rowheader", textContent: text, title: text });
const gap = () => make("span", { className: "rnb-gap", role: "gridcell" });

/** One widget: anywidget calls this once for each model, and the views of the model share what came in messages. */
export default () => {
  /** @type {SweepStore | undefined} */
  let store;
  return {
    /** @param {{ model: WidgetModel }} widget */
    initialize({ model }) {
      store = new SweepStore(model);
      return keepTexts({ model });
    },
    /** @param {{ model: WidgetModel, el: HTMLElement }} widget */
    render({ model, el }) {
      const view = new SweepView(store ?? new SweepStore(model), el);
      return () => view.leave();
    },
  };
};
