// @ts-check
// How compared clips are looked at: beside each other, with a divider, one after the other, or as their difference.
import { isHeld, secondsText, timeOf } from "./comparison_clock.js";
import { keysText, MODES } from "./comparison_keys.js";
import { bestColumns, dividerAt, dividerText, fitted, isSameShape, movedDivider, SPACE } from "./comparison_layout.js";
import { meanDifference, paintClip, paintDifference, paintWipe } from "./comparison_painter.js";
import { comparisonParts } from "./comparison_parts.js";
import { frameAt } from "./strip_time.js";

/** @import { Mode } from "./comparison_keys.js" */
/** @import { Size } from "./comparison_layout.js" */
/** @import { Film } from "./comparison_painter.js" */
/** @import { Texts } from "./comparison_parts.js" */

/** Pixels of the pictures at most, all rows together. */
const HIGHEST = 600;
/** Pixels of one picture at most. */
const TALLEST = 560;

export class ComparisonView {
  /**
   * @param {Texts} texts
   * @param {(text: string) => void} announce
   * @param {() => void} changed Called when something else is to be painted.
   */
  constructor(texts, announce, changed) {
    this.clips = texts.clips;
    this.announce = announce;
    this.changed = changed;
    this.parts = comparisonParts(texts);
    /** The frames that were painted last, and whether they have to be painted again. */
    this.painted = "";
    this.isStale = true;
    this.sample = document.createElement("canvas");
    /** @type {Film[]} */
    this.films = [];
    this.mode = /** @type {Mode} */ ("side");
    this.pair = [0, 1];
    this.shown = 0;
    this.swapped = false;
    this.divider = 0.5;
    this.listen();
    this.showMode();
  }

  listen() {
    const { modes, shown, left, right, divider, amplify, overlay } = this.parts;
    for (const radio of modes.radios) radio.onchange = () => this.choose(/** @type {Mode} */ (radio.value));
    for (const radio of shown.radios) radio.onchange = () => this.showClip(Number(radio.value));
    for (const [index, { select }] of [left, right].entries()) {
      select.value = String(index);
      select.onchange = () => this.choosePair(index, Number(select.value));
    }
    divider.oninput = () => this.divide(Number(divider.value) / 100);
    amplify.onchange = () => this.showMode();
    overlay.onpointerdown = event => this.press(event);
    overlay.onpointermove = event => {
      if (overlay.hasPointerCapture(event.pointerId)) this.drag(event);
    };
    overlay.onpointerup = overlay.onpointercancel = () => this.swap(false);
  }

  // --- what is chosen -----------------------------------------------------------------------------

  /** @param {Mode} mode */
  choose(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    this.swapped = false;
    this.showMode();
    const title = MODES.find(one => one.mode === mode)?.title;
    this.announce(mode === "turns" ? this.shownText : `${title}. ${this.parts.note.textContent}`.trim());
  }

  /** @type {(side: number, clip: number) => void} */
  choosePair(side, clip) {
    const other = this.pair[1 - side];
    if (other === clip) this.pair[1 - side] = this.pair[side];
    this.pair[side] = clip;
    this.shown = this.pair[0];
    this.showMode();
  }

  /** @param {number} clip Shown alone from now on. */
  showClip(clip) {
    this.shown = clip;
    this.swapped = false;
    this.mode = "turns";
    this.showMode();
    this.announce(this.shownText);
  }

  /** @param {boolean} on Whether the other clip is shown, for as long as a key or the pointer is held. */
  swap(on) {
    if (on === this.swapped || (on && this.mode !== "turns")) return;
    this.swapped = on;
    this.showMode();
    this.announce(this.shownText);
  }

  /** @param {number} place 0 to 1 from the left. */
  divide(place) {
    this.divider = movedDivider(place, 0);
    this.showDivider();
    this.repaint();
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (this.mode !== "wipe" && this.mode !== "turns") return;
    this.parts.overlay.setPointerCapture(event.pointerId);
    if (this.mode === "wipe") this.drag(event);
    else this.swap(true);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (this.mode !== "wipe") return;
    const { left, width } = this.parts.canvas.getBoundingClientRect();
    this.divide(dividerAt(event.clientX, left, width));
  }

  /** The number of the clip that is shown alone. */
  get alone() {
    if (!this.swapped) return this.shown;
    return this.shown === this.pair[0] ? this.pair[1] : this.pair[0];
  }

  get shownText() {
    const { letter, label } = this.clips[this.alone];
    return `Showing ${letter} ${label}`;
  }

  // --- what is said -------------------------------------------------------------------------------

  showMode() {
    const { mode, parts } = this;
    const many = this.clips.length > 2;
    const isPair = mode === "wipe" || mode === "difference";
    for (const radio of parts.modes.radios) radio.checked = radio.value === mode;
    for (const radio of parts.shown.radios) radio.checked = Number(radio.value) === this.alone;
    for (const [index, choice] of [parts.left, parts.right].entries()) {
      choice.label.hidden = !(many && isPair);
      choice.select.value = String(this.pair[index]);
    }
    parts.shown.group.hidden = mode !== "turns";
    parts.amplifyLine.hidden = mode !== "difference";
    parts.dividerLine.hidden = mode !== "wipe";
    parts.overlay.hidden = mode === "side";
    parts.all.classList.toggle("is-captions", mode !== "side");
    parts.keys.textContent = keysText(
      mode,
      this.clips.map(clip => clip.letter),
    );
    this.showChips();
    this.showDivider();
    this.layOut();
  }

  showChips() {
    const letters = this.pair.map(number => this.clips[number].letter);
    const { chips } = this.parts;
    const texts =
      this.mode === "wipe" ? letters : this.mode === "turns" ? [this.shownText, ""] : [letters.join(" \u2212 "), ""];
    for (const [index, chip] of chips.entries()) {
      chip.textContent = texts[index];
      chip.hidden = !texts[index];
    }
  }

  showDivider() {
    const { divider } = this.parts;
    const [left, right] = this.pair.map(number => this.clips[number].letter);
    divider.value = String(Math.round(this.divider * 100));
    divider.style.setProperty("--rnb-done", `${this.divider * 100}%`);
    divider.setAttribute("aria-valuetext", dividerText(this.divider, left, right));
  }

  /** What the picture means, and in what the clips cannot be laid over each other. */
  noteText() {
    const [left, right] = this.pair.map(number => this.clips[number].letter);
    const lines = [];
    if (this.mode === "difference") {
      const times = 2 ** Number(this.parts.amplify.value);
      const amplified = times > 1 ? `, amplified ${times} times` : "";
      lines.push(`Black: ${left} and ${right} are equal there. The brighter, the more they differ${amplified}.`);
    }
    if (this.mode === "wipe") lines.push(`Left of the divider ${left}, right of it ${right}.`);
    if (this.films.length && this.mode !== "side" && !this.areAlike) {
      lines.push("The clips differ in shape: each is fitted into the frame, with black beside it.");
    }
    return lines.join(" ");
  }

  get areAlike() {
    const [one, other] = this.pair.map(number => this.films[number]);
    return isSameShape(one, other);
  }

  // --- pictures -----------------------------------------------------------------------------------

  /** @param {Film[]} films Once all are there. */
  use(films) {
    this.films = films;
    this.parts.waiting.hidden = films.length > 0;
    this.showMode();
  }

  /** The room has changed, or what stands in it. */
  layOut() {
    const { parts, films, mode } = this;
    parts.note.textContent = this.noteText();
    parts.note.hidden = !parts.note.textContent;
    const width = parts.stage.clientWidth;
    if (!films.length || !width) return;
    const columns = bestColumns({ width, height: HIGHEST }, films.length, films[0]);
    parts.all.style.setProperty(
      "--rnb-columns",
      String(mode === "side" ? columns : Math.min(films.length, width < 460 ? 1 : 4)),
    );
    const one = (width - SPACE * (columns - 1)) / columns;
    for (const [index, { canvas }] of parts.places.entries()) {
      sizeCanvas(canvas, fitted(films[index], { width: one, height: TALLEST }));
    }
    sizeCanvas(parts.canvas, fitted(films[this.pair[0]], { width, height: TALLEST }));
    parts.overlay.style.width = parts.canvas.style.width;
    this.repaint();
  }

  /**
   * Paint everything that is seen at a time.
   * @type {(t: number, end: number, playing: boolean) => void}
   */
  paint(t, end, playing) {
    const { films, parts } = this;
    const frames = films.map(film => frameAt(film, t)).join(" ");
    if (this.isStale || frames !== this.painted) {
      this.isStale = false;
      this.painted = frames;
      this.paintClips(t, end);
      if (films.length && this.mode !== "side") this.paintOver(t);
    }
    parts.amount.hidden = this.mode !== "difference" || playing || !films.length;
    if (!parts.amount.hidden) parts.amount.textContent = this.amountText(t);
  }

  /** @type {(t: number, end: number) => void} */
  paintClips(t, end) {
    for (const [index, film] of this.films.entries()) {
      const { canvas, held } = this.parts.places[index];
      held.textContent = isHeld(film, t, end) ? `ended at ${secondsText(film.seconds)}, holds its last frame` : "";
      const context = this.mode === "side" && canvas.getContext("2d");
      if (context) paintClip(context, film, t);
      canvas.dataset.seconds = timeOf(film, frameAt(film, t)).toFixed(3);
    }
  }

  /** Paint again although the time is the same. */
  repaint() {
    this.isStale = true;
    this.changed();
  }

  /** @param {number} t */
  amountText(t) {
    const context = this.sample.getContext("2d", { willReadFrequently: true });
    const [one, other] = this.pair.map(number => this.films[number]);
    if (!context) return "";
    return `At ${secondsText(t)} they differ by ${(meanDifference(context, one, other, t) * 100).toFixed(1)} % on average.`;
  }

  /** @param {number} t */
  paintOver(t) {
    const { films, parts, pair, mode } = this;
    const context = parts.canvas.getContext("2d");
    if (!context) return;
    const [left, right] = pair.map(number => films[number]);
    if (mode === "wipe") paintWipe(context, left, right, t, this.divider);
    else if (mode === "turns") paintClip(context, films[this.alone], t);
    else paintDifference(context, left, right, t, Number(parts.amplify.value));
    parts.canvas.setAttribute("aria-label", this.pictureText);
  }

  get pictureText() {
    const [left, right] = this.pair.map(number => this.clips[number].letter);
    if (this.mode === "turns") return this.shownText;
    return this.mode === "wipe"
      ? `${left} left of the divider, ${right} right of it`
      : `Difference of ${left} and ${right}`;
  }
}

/** @type {(canvas: HTMLCanvasElement, size: Size) => void} */
function sizeCanvas(canvas, { width, height }) {
  const [across, down] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
}
