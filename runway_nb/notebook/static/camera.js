// @ts-check
// The camera model of runway_nb/camera.py, with the constants that Python gives.
// Matrices are 3x3, nine numbers row by row; coordinates are pixels, x right, y down.
import { FACTS, MOVES } from "./facts.js";

/**
 * @typedef {readonly number[]} Matrix
 * @typedef {Readonly<Record<string, number>>} Camera The value of each move; a missing one is 0.
 * @typedef {[number, number]} Pair
 */

const CAMERA = FACTS.camera;

/** @type {(p: Matrix, q: Matrix) => Matrix} */
function timesMatrix(p, q) {
  /** @type {(row: number, column: number) => number} */
  const cell = (row, column) => p[row] * q[column] + p[row + 1] * q[column + 3] + p[row + 2] * q[column + 6];
  return [0, 3, 6].flatMap(row => [0, 1, 2].map(column => cell(row, column)));
}

/** @type {(...matrices: Matrix[]) => Matrix} */
export const product = (...matrices) => matrices.reduce(timesMatrix);

/** @type {(x: number, y: number) => Matrix} */
export const shift = (x, y) => [1, 0, x, 0, 1, y, 0, 0, 1];

/** @type {(matrix: Matrix) => Matrix} */
export function inverse([a, b, c, d, e, f, g, h, i]) {
  // biome-ignore format: a matrix
  const adjugate = [
    e * i - f * h, c * h - b * i, b * f - c * e,
    f * g - d * i, a * i - c * g, c * d - a * f,
    d * h - e * g, b * g - a * h, a * e - b * d,
  ];
  const determinant = a * adjugate[0] + b * adjugate[3] + c * adjugate[6];
  return adjugate.map(value => value / determinant);
}

/**
 * Return the point (x, y) through a homography.
 * @type {(matrix: Matrix, point: Pair) => Pair}
 */
export function through([a, b, c, d, e, f, g, h, i], [x, y]) {
  const w = g * x + h * y + i;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
}

/**
 * Return the smoothstep over 0..1: rest, glide, rest.
 * @param {number} t
 */
export function ease(t) {
  const part = Math.min(1, Math.max(0, t));
  return part * part * (3 - 2 * part);
}

/**
 * Return roll, pitch and yaw in the order of the product: pan acts first and stays level.
 * @type {(yaw: number, pitch: number, roll: number) => Matrix}
 */
function turns(yaw, pitch, roll) {
  const { cos, sin } = Math;
  return product(
    [cos(roll), sin(roll), 0, -sin(roll), cos(roll), 0, 0, 0, 1],
    [1, 0, 0, 0, cos(pitch), sin(pitch), 0, -sin(pitch), cos(pitch)],
    [cos(yaw), 0, -sin(yaw), 0, 1, 0, sin(yaw), 0, cos(yaw)],
  );
}

/**
 * Return where the camera sees a point of the still picture at time t (0..1), pixels to pixels.
 * @type {(camera: Camera, t: number, width: number, height: number) => Matrix}
 */
export function homography(camera, t, width, height) {
  const glide = ease(t) / CAMERA.limit;
  const [x, y, z, pan, tilt, roll] = MOVES.map(move => (camera[move] || 0) * glide);
  const focal = Math.max(width, height);
  const distance = focal * Math.exp(-(z > 0 ? CAMERA.dollyIn : CAMERA.dollyOut) * z);
  return product(
    shift(width / 2, height / 2),
    [focal, 0, 0, 0, focal, 0, 0, 0, 1],
    turns(CAMERA.yaw * pan, CAMERA.pitch * tilt, CAMERA.roll * roll),
    [1, 0, -CAMERA.truck * x * width, 0, 1, CAMERA.pedestal * y * height, 0, 0, distance],
    shift(-width / 2, -height / 2),
  );
}

/**
 * Return the homography of a keyframe pinned to a time: the identity at that time.
 * @type {(camera: Camera, t: number, pinned: number, width: number, height: number) => Matrix}
 */
export function seenFrom(camera, t, pinned, width, height) {
  return product(homography(camera, t, width, height), inverse(homography(camera, pinned, width, height)));
}

/**
 * Return how much of each keyframe, pinned at increasing times, is seen at time t.
 * @type {(t: number, times: number[]) => number[]}
 */
export function weights(t, times) {
  const found = times.findIndex(time => t < time);
  const after = found < 0 ? times.length : found;
  if (after === 0 || after === times.length) {
    return times.map((_, index) => Number(index === Math.min(after, times.length - 1)));
  }
  const share = ease((t - times[after - 1]) / (times[after] - times[after - 1]));
  return times.map((_, index) => (index === after ? share : index === after - 1 ? 1 - share : 0));
}

/**
 * Return what a view sees of the picture, across and down: from where to where, in frames from its centre.
 * @type {(matrix: Matrix, width: number, height: number) => [Pair, Pair]}
 */
export function seenOf(matrix, width, height) {
  const back = inverse(matrix);
  const corners = cornersOf(width, height).map(corner => through(back, corner));
  /** @type {(values: number[]) => Pair} */
  const range = values => [Math.min(...values) - 0.5, Math.max(...values) - 0.5];
  return [range(corners.map(([x]) => x / width)), range(corners.map(([, y]) => y / height))];
}

/** @type {(width: number, height: number) => Pair[]} */
export function cornersOf(width, height) {
  return [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ];
}

/**
 * Return a homography as CSS, for an element whose transform-origin is its top left corner.
 * @type {(matrix: Matrix) => string}
 */
export function matrix3d([a, b, c, d, e, f, g, h, i]) {
  return `matrix3d(${[a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i].map(value => value / i).join(",")})`;
}
