// @ts-check
// Plays the move on the keyframes, in the page alone.
import { find, make, vector } from "./dom.js";
import { MOVES } from "./facts.js";
import { rounded, signed } from "./move_text.js";
import { decode, frameSize, GAP, View } from "./scene.js";

/** @import { CameraValues } from "./camera_values.js" */
/** @import { WidgetModel } from "./kernel.js" */
/** @import { Picture, Scene } from "./scene.js" */

const ICONS = { play: "M4 2.5v11l9.5-5.5z", pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z" };
const SKETCH = "sketch of the move, not of the content";
const PATH_HINT = "Dotted: the start frame. Solid: the end frame. Line: where the centre goes.";
const CROP_HINT = "The whole picture, with the part that the frame keeps.";
const EMPTY = "Choose a first keyframe to see the move";

/** @type {(text: string, hint: string, checked: boolean) => HTMLLabelElement} */
function checkbox(text, hint, checked) {
  return make("label", { className: "rnb-check", title: hint }, make("input", { type: "checkbox", checked }), text);
}

/** The stage, and the controls below it. */
function elements() {
  const glyph = vector("path", { fill: "currentColor" });
  const icon = vector("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, glyph);
  const play = make("button", { className: "rnb-play", type: "button" }, icon);
  const scrub = make("input", { type: "range", className: "rnb-scrub", value: 0, "aria-label": "Time in the shot" });
  const clock = make("span", { className: "rnb-clock" });
  const labels = [checkbox("Path", PATH_HINT, true), checkbox("Crop", CROP_HINT, false)];
  const [path, crop] = labels.map(label => /** @type {HTMLInputElement} */ (find(label, "input")));
  return {
    stage: make("div", { className: "rnb-stage", role: "img" }),
    empty: make("div", { className: "rnb-empty", textContent: EMPTY }),
    chip: make("div", { className: "rnb-chip" }),
    transport: make("div", { className: "rnb-transport" }, play, scrub, clock, ...labels),
    ...{ glyph, play, scrub, clock, path, crop },
  };
}

/**
 * Return the time in the shot, 0 to 1, after some more milliseconds of it have been played.
 * @type {(t: number, elapsed: number, seconds: number) => number}
 */
export const playedOn = (t, elapsed, seconds) => Math.min(1, t + elapsed / 1000 / seconds);

/** The picture of the shot at a time, which runs while it plays. */
export class Player {
  /**
   * @param {WidgetModel} model
   * @param {CameraValues} values
   * @param {HTMLElement} room What it fills.
   * @param {AbortSignal} signal Ends it.
   * @param {() => void} drawn Called after each drawing.
   */
  constructor(model, values, room, signal, drawn) {
    this.model = model;
    this.values = values;
    this.room = room;
    this.signal = signal;
    this.drawn = drawn;
    this.parts = elements();
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    /** @type {number} */
    this.t = model.get("time");
    this.playing = false;
    this.before = 0;
    this.loading = 0;
    this.roomSeen = "";
    /** @type {Picture[]} */
    this.pictures = [];
    /** @type {View[]} */
    this.views = [];
    signal.addEventListener("abort", () => this.end());
  }

  listen() {
    const { model, parts } = this;
    model.on("change:time", () => this.seek(model.get("time")));
    parts.play.onclick = () => this.play(!this.playing);
    parts.scrub.oninput = () => {
      this.play(false);
      this.seek(Number(parts.scrub.value) / 100);
    };
    parts.scrub.onchange = () => this.saveTime();
    parts.path.onchange = parts.crop.onchange = () => this.draw();
    const onCalm = () => {
      this.play(false);
      this.layOut();
    };
    this.calm.addEventListener("change", onCalm, { signal: this.signal });
  }

  // --- time ---------------------------------------------------------------------------------------

  get seconds() {
    return Math.max(1, this.model.get("seconds"));
  }

  /** @param {number} t */
  seek(t) {
    this.t = t;
    this.draw();
  }

  /** A touched slider shows the end of the move, because that is where its value is reached. */
  moved() {
    if (!this.playing && this.views.length && Object.values(this.values.camera).some(Boolean)) this.t = 1;
    this.draw();
  }

  /** @param {boolean} on */
  play(on) {
    this.playing = on && this.views.length > 0 && !this.calm.matches;
    this.before = 0;
    this.parts.glyph.setAttribute("d", this.playing ? ICONS.pause : ICONS.play);
    this.parts.play.setAttribute("aria-label", this.playing ? "Pause the preview" : "Play the preview");
    if (!this.playing) return;
    if (this.t >= 1) this.t = 0;
    requestAnimationFrame(now => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    if (!this.playing) return;
    if (this.before) this.t = playedOn(this.t, now - this.before, this.seconds);
    this.before = now;
    this.draw();
    if (this.t >= 1) this.play(false);
    else requestAnimationFrame(next => this.tick(next));
  }

  saveTime() {
    this.model.set("time", this.t);
    this.model.save_changes();
  }

  // --- pictures -----------------------------------------------------------------------------------

  async load() {
    const turn = ++this.loading;
    const pictures = await decode(position => this.model.get(position), this.model.get("times"));
    const isLate = turn !== this.loading || this.signal.aborted;
    for (const picture of isLate ? pictures : this.pictures) picture.bitmap.close();
    if (isLate) return;
    this.pictures = pictures;
    this.layOut();
  }

  /** The same again when room or sharpness have changed. */
  fit() {
    if (this.roomNow() !== this.roomSeen) this.layOut();
  }

  roomNow() {
    return `${this.room.clientWidth} ${devicePixelRatio}`;
  }

  layOut() {
    const width = this.room.clientWidth;
    if (!width) return;
    this.roomSeen = this.roomNow();
    const { stage, empty, chip, transport, play, scrub } = this.parts;
    const isPair = this.calm.matches && this.pictures.length > 0;
    const size = frameSize(width, this.model.get("frame"), isPair ? 2 : 1);
    const labels = isPair ? ["start", "end"] : [""];
    this.views = this.pictures.length ? labels.map(label => new View(this.pictures, size, label)) : [];
    stage.style.cssText = `width:${labels.length * (size.width + GAP) - GAP}px;height:${size.height}px`;
    stage.replaceChildren(...this.views.map(view => view.node), this.views.length ? chip : empty);
    transport.classList.toggle("is-still", isPair);
    play.disabled = scrub.disabled = !this.views.length;
    this.draw();
  }

  // --- drawing ------------------------------------------------------------------------------------

  draw() {
    const crop = this.parts.crop.checked && this.views.length > 0;
    const scene = { camera: this.values.camera, path: this.parts.path.checked, crop };
    const times = this.views.length > 1 ? [0, 1] : [this.t];
    this.views.forEach((view, index) => {
      view.draw(scene, times[index]);
    });
    this.showTime();
    this.describe(scene);
    this.drawn();
  }

  showTime() {
    const { scrub, clock } = this.parts;
    const text = (this.t * this.seconds).toFixed(1);
    scrub.value = String(Math.round(this.t * 100));
    scrub.style.setProperty("--rnb-done", `${this.t * 100}%`);
    scrub.setAttribute("aria-valuetext", `${text} of ${this.seconds} seconds`);
    clock.textContent = `${text} s`;
  }

  /** @param {Scene} scene */
  describe({ camera, crop }) {
    const { stage, chip } = this.parts;
    const { isStatic } = this.values;
    const moves = MOVES.filter(move => rounded(camera[move] ?? 0)).map(move => `${move} ${signed(camera[move])}`);
    const move = isStatic ? "static camera" : moves.join(", ") || "no move";
    const text = crop ? this.model.get("crop_note") || "whole picture" : isStatic ? "static" : SKETCH;
    chip.textContent = text;
    chip.title = crop ? CROP_HINT : SKETCH;
    const kind = crop ? text : `${SKETCH[0].toUpperCase()}${SKETCH.slice(1)}: ${move}`;
    stage.setAttribute("aria-label", this.views.length ? kind : EMPTY);
  }

  end() {
    this.play(false);
    for (const picture of this.pictures) picture.bitmap.close();
    this.views = [];
  }
}
