// @ts-check
// The clock of a grid and the frames of film strips.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodedWidth } from "../../runway_nb/notebook/static/strip_painter.js";
import { Clock, contained, frameAt, placeInStrip } from "../../runway_nb/notebook/static/strip_time.js";

const STRIP = { frames: 24, columns: 6, width: 240, height: 144, seconds: 5 };

test("a strip shows the frame whose time is nearest", () => {
  const step = 5 / 23;
  assert.deepEqual(
    [0, step, 2 * step, 2.4 * step, 2.6 * step, 5].map(seconds => frameAt(STRIP, seconds)),
    [0, 1, 2, 2, 3, 23],
  );
});

test("before its beginning the first frame stands, after its end the last one", () => {
  assert.deepEqual([frameAt(STRIP, -1), frameAt(STRIP, 10)], [0, 23]);
});

test("two clips of one length show the same time to within half a step of the coarser one", () => {
  const coarse = { ...STRIP, frames: 12 };
  for (let seconds = 0; seconds <= 5; seconds += 0.01) {
    const [a, b] = [(frameAt(STRIP, seconds) / 23) * 5, (frameAt(coarse, seconds) / 11) * 5];
    assert.ok(Math.abs(a - seconds) <= 5 / 23 / 2 + 1e-3);
    assert.ok(Math.abs(b - seconds) <= 5 / 11 / 2 + 1e-3);
  }
});

test("a single frame, or a clip without a length, stands still", () => {
  assert.equal(frameAt({ ...STRIP, frames: 1 }, 3), 0);
  assert.equal(frameAt({ ...STRIP, seconds: 0 }, 3), 0);
});

test("a frame lies in its row and column, also where the last row is short", () => {
  assert.deepEqual(placeInStrip(STRIP, 0), [0, 0, 1 / 6, 1 / 4]);
  assert.deepEqual(placeInStrip(STRIP, 8), [2 / 6, 1 / 4, 1 / 6, 1 / 4]);
  assert.deepEqual(placeInStrip({ ...STRIP, frames: 7, columns: 4 }, 6), [2 / 4, 1 / 2, 1 / 4, 1 / 2]);
});

test("a picture is shown whole and centred", () => {
  assert.deepEqual(contained(100, 100, 200, 100), [50, 0, 100, 100]);
  assert.deepEqual(contained(86, 144, 86, 144), [0, 0, 86, 144]);
});

test("a strip is decoded as large as it is shown, and never larger than it is", () => {
  assert.equal(decodedWidth(STRIP, 100, 1.5), 150);
  assert.equal(decodedWidth(STRIP, 400, 2), 240);
  assert.equal(decodedWidth(STRIP, 0, 1), 1);
});

// --- the clock --------------------------------------------------------------------------------------

test("time runs with the page, from the first moment after play", () => {
  const clock = new Clock(0.2);
  clock.setLength(5);
  clock.play();
  for (const now of [10_000, 10_500, 11_000]) clock.tick(now);
  assert.ok(Math.abs(clock.seconds - 2) < 1e-9);
  assert.ok(clock.isPlaying);
});

test("it stops at the end, and plays from the beginning then", () => {
  const clock = new Clock(0.9);
  clock.setLength(5);
  clock.play();
  clock.tick(1);
  clock.tick(5_001);
  assert.deepEqual([clock.share, clock.isPlaying], [1, false]);
  clock.play();
  assert.equal(clock.share, 0);
});

test("while it is paused no moment counts, and a jump pauses it", () => {
  const clock = new Clock();
  clock.setLength(5);
  clock.play();
  clock.tick(1_000);
  clock.seek(0.5);
  clock.tick(9_000);
  assert.deepEqual([clock.share, clock.isPlaying], [0.5, false]);
  clock.seek(7);
  assert.equal(clock.share, 1);
});

test("without a clip that moves nothing plays", () => {
  const clock = new Clock();
  clock.play();
  assert.equal(clock.isPlaying, false);
  clock.setLength(5);
  clock.play();
  clock.setLength(0);
  assert.equal(clock.isPlaying, false);
});
