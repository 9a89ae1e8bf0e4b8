// @ts-check
// A move in digits and words.
import { FACTS } from "./facts.js";

const SCALE = 10 ** FACTS.camera.decimals;

/**
 * Return a value as precise as a slider is, and never -0.
 * @param {number} value
 */
export const rounded = value => Math.round(value * SCALE) / SCALE || 0;

/**
 * Return a value with its sign, as the screen shows it.
 * @param {number} value
 */
export function signed(value) {
  const exact = rounded(value);
  return `${exact > 0 ? "+" : exact < 0 ? "\u2212" : ""}${Math.abs(exact)}`;
}

/**
 * Return what a value means, in a word or two; nothing at rest.
 * @param {string} move
 * @param {number} value
 */
export function direction(move, value) {
  const exact = rounded(value);
  return exact ? FACTS.camera.directions[move][Number(exact > 0)] : "";
}

/**
 * Return a typed number as the slider's field reads it: the signs of other keyboards, and of the field itself, count.
 * @param {string} text
 */
export const typedNumber = text => text.replace(/[\u2212\u2013]/g, "-").replace(/^([-+]?\d*),(\d+)$/, "$1.$2");

/**
 * Return a value within the range of a slider.
 * @param {number} value
 */
export function withinLimit(value) {
  const { limit } = FACTS.camera;
  return Math.min(limit, Math.max(-limit, rounded(value)));
}
