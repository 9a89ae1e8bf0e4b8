// @ts-check
// What a key does to compared clips, by the view and by where the focus is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyAct, keysText, MODES } from "../../runway_nb/notebook/static/comparison_keys.js";

/** @typedef {import("../../runway_nb/notebook/static/comparison_keys.js").Mode} Mode */

/** @type {(mode?: Mode, onStage?: boolean, count?: number) => { mode: Mode, onStage: boolean, count: number, divider: number }} */
const on = (mode = "side", onStage = true, count = 2) => ({ mode, onStage, count, divider: 0.02 });

test("letters show one clip, as far as there are clips, wherever the focus is", () => {
  assert.deepEqual(keyAct("b", on()), { act: "show", clip: 1 });
  assert.deepEqual(keyAct("A", on("difference", false)), { act: "show", clip: 0 });
  assert.equal(keyAct("c", on()), null);
  assert.deepEqual(keyAct("d", on("side", true, 4)), { act: "show", clip: 3 });
});

test("digits choose the view", () => {
  assert.deepEqual(
    ["1", "2", "3", "4"].map(key => keyAct(key, on())),
    MODES.map(({ mode }) => ({ act: "mode", mode })),
  );
  assert.equal(keyAct("5", on()), null);
  assert.equal(keyAct("0", on()), null);
});

test("space plays, and in turns shows the other clip for as long as it is held", () => {
  assert.deepEqual(keyAct(" ", on()), { act: "play" });
  assert.deepEqual(keyAct(" ", on("turns")), { act: "swap" });
  assert.equal(keyAct(" ", on("side", false)), null);
  assert.deepEqual(keyAct("k", on("turns", false)), { act: "play" });
});

test("arrows step, and move the divider of a wipe", () => {
  assert.deepEqual(keyAct("ArrowRight", on()), { act: "step", by: 1 });
  assert.deepEqual(keyAct("ArrowLeft", on("wipe")), { act: "divide", by: -0.02 });
  assert.equal(keyAct("ArrowLeft", on("wipe", false)), null);
  assert.deepEqual(keyAct(",", on("wipe")), { act: "step", by: -1 });
  assert.deepEqual(keyAct("End", on()), { act: "seek", to: "end" });
});

test("other keys are left to the page", () => {
  for (const key of ["Tab", "Enter", "Escape", "x", "Dead", "ArrowUp"]) assert.equal(keyAct(key, on()), null, key);
});

test("the keys of each view are said", () => {
  for (const { mode } of MODES) assert.match(keysText(mode, ["A", "B"]), /^Keys: .*1 to 4 choose the view$/);
  assert.match(keysText("wipe", ["A", "B"]), /move the divider/);
  assert.match(keysText("turns", ["A", "B", "C"]), /A B C show one clip · hold space/);
});
