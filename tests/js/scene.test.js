// @ts-check
// The geometry of the stage: sizes, patches of the mirrored picture, and what shines through.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { seenFrom, seenOf } from "../../runway_nb/notebook/static/camera.js";
import { MOVES } from "../../runway_nb/notebook/static/facts.js";
import { frameSize, GAP, opacityOf, patchesBetween } from "../../runway_nb/notebook/static/scene.js";

/** @typedef {[number, number]} Frame */
/** @type {Record<string, Frame>} */
const FRAMES = { landscape: [1280, 768], portrait: [768, 1280], "16:9": [1280, 720], "1:1": [960, 960] };
/** @type {Record<string, Frame>} */
const OTHERS = { "4:3": [1104, 832], "3:4": [832, 1104], "9:16": [720, 1280], "21:9": [1584, 672] };

test("the frame takes the room there is, up to a limit, in the shape of the video", () => {
  const { landscape, portrait } = FRAMES;
  assert.deepEqual(frameSize(400, landscape, 1), { width: 400, height: 240 });
  assert.deepEqual(frameSize(2000, landscape, 1), { width: 560, height: 336 });
  assert.deepEqual(frameSize(2000, portrait, 1), { width: 192, height: 320 });
  assert.deepEqual(frameSize(2000, FRAMES["16:9"], 1), { width: 560, height: 315 });
  assert.deepEqual(frameSize(2000, FRAMES["1:1"], 1), { width: 320, height: 320 });
  for (const [wide, high] of Object.values({ ...FRAMES, ...OTHERS })) {
    for (const room of [250, 333, 561]) {
      const { width, height } = frameSize(room, [wide, high], 1);
      assert.ok(width <= Math.min(room, 560) && height <= 336, `${width} x ${height}`);
      assert.ok(Math.abs(width - (height * wide) / high) < (2 * wide) / high);
    }
  }
});

test("two frames stand side by side with a gap", () => {
  for (const frame of Object.values(FRAMES)) {
    for (const room of [250, 400, 700]) assert.ok(2 * frameSize(room, frame, 2).width + GAP <= room);
  }
});

test("the first patch holds what is near, and further ones lie four frames apart", () => {
  assert.deepEqual(patchesBetween(-0.5, 0.5), [0]);
  assert.deepEqual(patchesBetween(-2.4, 2.4), [0]);
  assert.deepEqual(patchesBetween(-2.6, 0), [-1, 0]);
  assert.deepEqual(patchesBetween(0, 6.5), [0, 1]);
  assert.deepEqual(patchesBetween(2, 7), [1, 2]);
  assert.deepEqual(patchesBetween(-40, 40), [-2, -1, 0, 1, 2]);
});

test("the patches hold every view of a keyframe that the strongest moves give", () => {
  for (let signs = 0; signs < 2 ** MOVES.length; signs++) {
    const camera = Object.fromEntries(MOVES.map((move, bit) => [move, signs & (1 << bit) ? 10 : -10]));
    for (const [t, pinned] of [
      [0, 0],
      [1, 0],
      [0, 0.5],
      [1, 0.5],
      [0, 1],
    ]) {
      for (const [low, high] of seenOf(seenFrom(camera, t, pinned, 640, 384), 640, 384)) {
        const patches = patchesBetween(low, high);
        assert.ok(4 * patches[0] - 2.5 <= low, `${low} in ${patches}`);
        assert.ok(high <= 4 * patches[patches.length - 1] + 2.5, `${high} in ${patches}`);
      }
    }
  }
});

test("what lies lowest of what is seen stays opaque", () => {
  /** @param {number[]} shares */
  const opacities = shares => shares.map((_, index) => opacityOf(shares, index));
  assert.deepEqual(opacities([0.3, 0.7, 0]), [1, 0.7, 0]);
  assert.deepEqual(opacities([0, 0.4, 0.6]), [0, 1, 0.6]);
  assert.deepEqual(opacities([0, 0, 1]), [0, 0, 1]);
});
