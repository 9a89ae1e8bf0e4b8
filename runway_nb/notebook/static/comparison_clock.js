// @ts-check
// The time of compared clips: how it goes on, step by step or played, and which clip has ended. Pure functions.

/** @import { Measures } from "./strip_time.js" */

export const SPEEDS = [0.25, 0.5, 1, 2];
/** Seconds by which two times may differ and still be one: sums of steps are not exact. */
const SAME = 1e-6;

/**
 * Return the time at which a frame is shown.
 * @type {(strip: Measures, frame: number) => number}
 */
export const timeOf = (strip, frame) => (strip.frames > 1 ? (frame / (strip.frames - 1)) * strip.seconds : 0);

/**
 * Return when the longest clip ends.
 * @param {Measures[]} strips
 */
export const endOf = strips => Math.max(0, ...strips.map(strip => strip.seconds));

/**
 * Return True for a clip that has ended while others go on: it holds its last frame.
 * @type {(strip: Measures, t: number, end: number) => boolean}
 */
export const isHeld = (strip, t, end) => strip.seconds < end - SAME && t > strip.seconds + SAME;

/**
 * Return the time after some more milliseconds have been played, and whether it plays on.
 * @type {(t: number, elapsed: number, speed: number, end: number, loops: boolean) => { t: number, plays: boolean }}
 */
export function playedFor(t, elapsed, speed, end, loops) {
  const next = t + (elapsed / 1000) * speed;
  if (next < end) return { t: next, plays: true };
  return loops && end > 0 ? { t: next % end, plays: true } : { t: end, plays: false };
}

/**
 * Return the time one frame earlier or later, by the finest of the clips.
 * @type {(t: number, direction: number, strips: Measures[]) => number}
 */
export function steppedBy(t, direction, strips) {
  const end = endOf(strips);
  const steps = strips.filter(strip => strip.frames > 1).map(strip => strip.seconds / (strip.frames - 1));
  const step = Math.min(end, ...steps);
  if (!(step > 0)) return t;
  return Math.min(end, Math.max(0, (Math.round(t / step) + direction) * step));
}

/**
 * Return a time as it is shown.
 * @param {number} t
 */
export const secondsText = t => `${t.toFixed(1)} s`;
