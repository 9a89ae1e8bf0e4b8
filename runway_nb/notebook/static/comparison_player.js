// @ts-check
// The time of compared clips: it stands, runs, is dragged or stepped, for all of them together.
import { endOf, playedFor, SPEEDS, secondsText, steppedBy } from "./comparison_clock.js";
import { control } from "./comparison_parts.js";
import { make, vector } from "./dom.js";

/** @import { Measures } from "./strip_time.js" */

const SHAPES = { play: "M4 2.5v11l9.5-5.5z", pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z" };
const BACK = "M12 2.5v11l-7.5-5.5zM3 2.5h1.6v11h-1.6z";
const FORWARD = "M4 2.5v11l7.5-5.5zM11.4 2.5h1.6v11h-1.6z";
/** Steps of the scrubber in a second. */
const FINE = 100;
/** The share of the time at which they stand at first: clips that begin with one picture differ later. */
const FIRST_SHARE = 0.5;
const NOTHING_YET = /** @type {Measures[]} */ ([]);

/** @type {(name: string, shape: string) => HTMLButtonElement} */
function iconButton(name, shape) {
  const path = vector("path", { fill: "currentColor", d: shape });
  const icon = vector("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, path);
  return control("button", { type: "button", className: "rnb-cmp-icon", "aria-label": name, title: name }, icon);
}

/** The controls of the time. */
function transportParts() {
  const play = iconButton("Play", SHAPES.play);
  const back = iconButton("One frame back", BACK);
  const forward = iconButton("One frame forward", FORWARD);
  const scrub = control("input", { type: "range", className: "rnb-cmp-range", min: "0", max: "0", value: "0" });
  scrub.setAttribute("aria-label", "Time in all clips");
  const clock = make("span", { className: "rnb-cmp-clock" });
  const options = SPEEDS.map(speed => make("option", { value: String(speed), textContent: `${speed}\u00d7` }));
  const speed = control("select", { "aria-label": "Speed", title: "Speed" }, ...options);
  const loop = control("input", { type: "checkbox" });
  const loopLabel = make("label", { className: "rnb-cmp-check" }, loop, "Loop");
  const bar = make("div", { className: "rnb-cmp-bar" }, play, back, scrub, forward, clock, speed, loopLabel);
  return { play, back, forward, scrub, clock, speed, loop, bar };
}

export class ComparisonPlayer {
  /**
   * @param {() => void} moved Called after the time has moved.
   * @param {AbortSignal} signal Ends it.
   */
  constructor(moved, signal) {
    this.moved = moved;
    this.parts = transportParts();
    this.strips = NOTHING_YET;
    this.t = 0;
    this.playing = false;
    this.before = 0;
    // nothing repeats for those who asked for less motion
    this.parts.loop.checked = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.parts.speed.value = "1";
    this.listen();
    this.show();
    signal.addEventListener("abort", () => this.play(false));
  }

  listen() {
    const { play, back, forward, scrub } = this.parts;
    play.onclick = () => this.play(!this.playing);
    back.onclick = () => this.step(-1);
    forward.onclick = () => this.step(1);
    scrub.oninput = () => {
      const t = Number(scrub.value) / FINE; // a pause shows the time as it was
      this.play(false);
      this.seek(t);
    };
  }

  get end() {
    return endOf(this.strips);
  }

  /** @param {Measures[]} strips Once all are there. */
  use(strips) {
    const isFirst = !this.strips.length;
    this.strips = strips;
    this.parts.scrub.max = String(Math.round(this.end * FINE));
    this.seek(isFirst ? FIRST_SHARE * this.end : this.t);
  }

  /** @param {number} t In seconds from the start. */
  seek(t) {
    this.t = Math.min(this.end, Math.max(0, t));
    this.show();
    this.moved();
  }

  /** @param {number} direction In frames. */
  step(direction) {
    this.play(false);
    this.seek(steppedBy(this.t, direction, this.strips));
  }

  /** @param {boolean} on */
  play(on) {
    const was = this.playing;
    this.playing = on && this.end > 0;
    this.before = 0;
    if (this.playing && this.t >= this.end) this.t = 0;
    this.show();
    if (this.playing !== was) this.moved();
    if (this.playing && !was) requestAnimationFrame(now => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    if (!this.playing) return;
    const elapsed = this.before ? now - this.before : 0;
    this.before = now;
    const speed = Number(this.parts.speed.value);
    const next = playedFor(this.t, elapsed, speed, this.end, this.parts.loop.checked);
    this.seek(next.t);
    if (next.plays) requestAnimationFrame(later => this.tick(later));
    else this.play(false);
  }

  show() {
    const { play, back, forward, scrub, clock } = this.parts;
    const name = this.playing ? "Pause" : "Play";
    if (play.title !== name) {
      play.title = name;
      play.setAttribute("aria-label", name);
      play.querySelector("path")?.setAttribute("d", this.playing ? SHAPES.pause : SHAPES.play);
    }
    for (const part of [play, back, forward, scrub]) part.disabled = !this.strips.length;
    scrub.value = String(Math.round(this.t * FINE));
    scrub.style.setProperty("--rnb-done", `${this.end ? (this.t / this.end) * 100 : 0}%`);
    scrub.setAttribute("aria-valuetext", `${this.t.toFixed(1)} of ${this.end.toFixed(1)} seconds`);
    clock.textContent = secondsText(this.t);
  }
}
