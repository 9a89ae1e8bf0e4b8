// @ts-check
// The camera in the page: the reference values that tests/test_camera.py holds Python to, and what follows from them.
import "./facts.js";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as camera from "../../runway_nb/notebook/static/camera.js";
import { MOVES } from "../../runway_nb/notebook/static/facts.js";

const REFERENCE = JSON.parse(readFileSync(new URL("../support/camera_reference.json", import.meta.url), "utf-8"));
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** @type {[number, number][]} */
const FRAMES = [
  [1280, 768],
  [768, 1280],
];
const CORNER = Object.fromEntries(MOVES.map((move, index) => [move, index % 2 ? -10 : 10]));

/** @type {(found: readonly number[], expected: readonly number[], relative?: number, absolute?: number) => void} */
function assertClose(found, expected, relative = 0, absolute = 1e-9) {
  assert.equal(found.length, expected.length);
  found.forEach((value, index) => {
    const apart = Math.abs(value - expected[index]);
    assert.ok(apart <= Math.max(absolute, relative * Math.abs(expected[index])), `${found} is not ${expected}`);
  });
}

/** @param {readonly number[]} matrix */
const scaled = matrix => matrix.map(value => value / matrix[8]);

for (const { moves, t, frame, matrix } of REFERENCE.paths) {
  test(`the path of ${JSON.stringify(moves)} is that of the reference model`, () => {
    assertClose(scaled(camera.homography(moves, t, frame[0], frame[1])), matrix, 1e-7, 2e-9);
  });
}

test("a pinned keyframe is that of the reference model", () => {
  const { moves, t, pinned, frame, matrix } = REFERENCE.pinned;
  assertClose(scaled(camera.seenFrom(moves, t, pinned, frame[0], frame[1])), matrix, 1e-7, 2e-9);
});

test("a shot begins with the still picture, and a keyframe is seen as it is at its own time", () => {
  for (const [width, height] of FRAMES) {
    assertClose(scaled(camera.homography(CORNER, 0, width, height)), IDENTITY);
    for (const t of [0, 0.3, 0.5, 1])
      assertClose(scaled(camera.seenFrom(CORNER, t, t, width, height)), IDENTITY, 0, 1e-6);
  }
});

test("without a move nothing moves", () => {
  assertClose(scaled(camera.homography({}, 1, 1280, 768)), IDENTITY);
  assert.equal(camera.matrix3d(IDENTITY), "matrix3d(1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1)");
});

test("CSS gets the matrix column by column, its third row and column unused", () => {
  assert.equal(camera.matrix3d([1, 2, 3, 4, 5, 6, 7, 8, 1]), "matrix3d(1,4,0,7,2,5,0,8,0,0,1,0,3,6,0,1)");
});

test("the inverse leads back", () => {
  for (const [width, height] of FRAMES) {
    const matrix = camera.homography(CORNER, 0.7, width, height);
    for (const corner of camera.cornersOf(width, height)) {
      assertClose(camera.through(camera.inverse(matrix), camera.through(matrix, corner)), corner, 0, 1e-6);
    }
  }
});

test("the glide rests outside of the shot", () => {
  assert.deepEqual([-1, 0, 0.5, 1, 2].map(camera.ease), [0, 0, 0.5, 1, 1]);
});

test("each keyframe stands alone at its own time, and shares add up to one", () => {
  const times = [0, 0.5, 1];
  assert.deepEqual(camera.weights(0, times), [1, 0, 0]);
  assert.deepEqual(camera.weights(0.5, times), [0, 1, 0]);
  assert.deepEqual(camera.weights(1, times), [0, 0, 1]);
  assert.deepEqual(camera.weights(0.25, times), [0.5, 0.5, 0]);
  assert.deepEqual(camera.weights(0.2, [0.5]), [1]);
  assert.deepEqual(camera.weights(0.9, [0.5]), [1]);
  for (const t of [-1, 0.1, 0.4, 0.6, 0.99, 2]) assertClose([camera.weights(t, times).reduce((a, b) => a + b)], [1]);
});

test("what is seen of a picture that stands still is the picture", () => {
  assert.deepEqual(camera.seenOf(IDENTITY, 640, 384), [
    [-0.5, 0.5],
    [-0.5, 0.5],
  ]);
});
