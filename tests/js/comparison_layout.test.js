// @ts-check
// Sizes and places of compared clips, and the divider of a wipe.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bestColumns,
  dividerAt,
  dividerText,
  fitted,
  isSameShape,
  movedDivider,
} from "../../runway_nb/notebook/static/comparison_layout.js";

const WIDE = { width: 480, height: 288 };
const TALL = { width: 288, height: 480 };

test("a shape fills its room as far as it can", () => {
  assert.deepEqual(fitted(WIDE, { width: 240, height: 900 }), { width: 240, height: 144 });
  assert.deepEqual(fitted(TALL, { width: 480, height: 240 }), { width: 144, height: 240 });
});

test("two stand beside each other where there is room, and below where there is not", () => {
  assert.equal(bestColumns({ width: 880, height: 600 }, 2, WIDE), 2);
  assert.equal(bestColumns({ width: 290, height: 600 }, 2, WIDE), 1);
  assert.equal(bestColumns({ width: 290, height: 600 }, 2, TALL), 2);
});

test("four stand two by two, and tall ones in a row", () => {
  assert.equal(bestColumns({ width: 880, height: 600 }, 4, WIDE), 2);
  assert.equal(bestColumns({ width: 880, height: 600 }, 4, TALL), 4);
});

test("shapes are the same but for rounding", () => {
  assert.ok(isSameShape(WIDE, { width: 240, height: 144 }));
  assert.ok(isSameShape({ width: 480, height: 270 }, { width: 479, height: 270 }));
  assert.ok(!isSameShape(WIDE, { width: 480, height: 270 }));
  assert.ok(!isSameShape(WIDE, TALL));
});

test("the divider follows the pointer and the keys, and stays on the picture", () => {
  assert.equal(dividerAt(150, 100, 200), 0.25);
  assert.equal(dividerAt(0, 100, 200), 0);
  assert.equal(dividerAt(900, 100, 200), 1);
  assert.equal(dividerAt(10, 0, 0), 0);
  assert.equal(movedDivider(0.5, 0.02), 0.52);
  assert.equal(movedDivider(0.01, -0.02), 0);
  assert.equal(dividerText(0.25, "A", "B"), "A 25 %, B 75 %");
});
