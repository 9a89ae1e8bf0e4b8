// @ts-check
// One clock for compared clips: equal times are equal frames, and what is shorter holds its last one.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endOf,
  isHeld,
  playedFor,
  secondsText,
  steppedBy,
  timeOf,
} from "../../runway_nb/notebook/static/comparison_clock.js";
import { frameAt } from "../../runway_nb/notebook/static/strip_time.js";

/** @param {number} frames @param {number} seconds */
const strip = (frames, seconds) => ({ frames, columns: 8, width: 480, height: 288, seconds });
const SHORT = strip(61, 5);
const LONG = strip(121, 10);

test("clips that are cut at one rate show frames of one time, at every moment of both", () => {
  for (let t = 0; t <= 5; t += 0.013) {
    const apart = Math.abs(timeOf(SHORT, frameAt(SHORT, t)) - timeOf(LONG, frameAt(LONG, t)));
    assert.ok(apart < 0.001, `${t}: ${apart}`);
    assert.ok(Math.abs(timeOf(SHORT, frameAt(SHORT, t)) - t) <= 0.042);
  }
});

test("the first frame is the beginning, the last one the end and whatever comes after", () => {
  assert.equal(frameAt(SHORT, 0), 0);
  assert.equal(frameAt(SHORT, -1), 0);
  assert.equal(frameAt(SHORT, 5), 60);
  assert.equal(frameAt(SHORT, 9), 60);
  assert.equal(frameAt(strip(1, 5), 2), 0);
  assert.equal(timeOf(strip(1, 5), 0), 0);
});

test("the longest clip is the end, and a shorter one holds its last frame after its own", () => {
  assert.equal(endOf([SHORT, LONG]), 10);
  assert.equal(endOf([]), 0);
  assert.equal(isHeld(SHORT, 5, 10), false);
  assert.equal(isHeld(SHORT, 5.1, 10), true);
  assert.equal(isHeld(LONG, 10, 10), false);
  assert.equal(isHeld(SHORT, 5, 5), false);
});

test("playing goes by speed, and ends or begins again", () => {
  assert.deepEqual(playedFor(1, 500, 2, 5, false), { t: 2, plays: true });
  assert.deepEqual(playedFor(4.9, 200, 1, 5, false), { t: 5, plays: false });
  const { t, plays } = playedFor(4.9, 200, 1, 5, true);
  assert.ok(plays && Math.abs(t - 0.1) < 1e-9);
  assert.deepEqual(playedFor(0, 16, 1, 0, true), { t: 0, plays: false });
});

test("a step is one frame of the finest clip, and stays within the clips", () => {
  const fine = 5 / 60;
  assert.ok(Math.abs(steppedBy(0, 1, [SHORT, LONG]) - fine) < 1e-9);
  assert.ok(Math.abs(steppedBy(2.5 + 0.01, 1, [SHORT]) - (2.5 + fine)) < 1e-9);
  assert.equal(steppedBy(0, -1, [SHORT]), 0);
  assert.equal(steppedBy(10, 1, [SHORT, LONG]), 10);
  assert.equal(steppedBy(0, 1, []), 0);
});

test("every frame can be reached by steps", () => {
  let t = 0;
  const seen = new Set([frameAt(SHORT, t)]);
  for (let step = 0; step < 60; step++) {
    t = steppedBy(t, 1, [SHORT, LONG]);
    seen.add(frameAt(SHORT, t));
  }
  assert.equal(seen.size, 61);
});

test("a time has one digit", () => {
  assert.equal(secondsText(2.34), "2.3 s");
});
