// @ts-check
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { direction, rounded, signed, typedNumber, withinLimit } from "../../runway_nb/notebook/static/move_text.js";
import { playedOn } from "../../runway_nb/notebook/static/player.js";

test("a value is as precise as a slider, and zero has no sign", () => {
  assert.deepEqual([0.5999999999, -0.04, 3.25, -10].map(rounded), [0.6, 0, 3.3, -10]);
  assert.ok(Object.is(rounded(-0.04), 0));
});

test("a value is shown with its sign", () => {
  assert.deepEqual([4, -2.5, 0, 0.04].map(signed), ["+4", "\u22122.5", "0", "0"]);
});

test("a direction is said in words, and rest in none", () => {
  assert.equal(direction("zoom", 4), "in");
  assert.equal(direction("zoom", -4), "out");
  assert.equal(direction("roll", -0.1), "counter-clockwise");
  assert.equal(direction("pan", 0.04), "");
});

test("a typed number may have the signs of any keyboard", () => {
  const typed = ["\u22123", "\u20131.5", "2,5", "-,5", "+4", "1,000,000", "word"];
  assert.deepEqual(typed.map(typedNumber), ["-3", "-1.5", "2.5", "-.5", "+4", "1,000,000", "word"]);
});

test("a step ends at the ends of the slider", () => {
  assert.deepEqual([10.5, -12, 9.96, 3].map(withinLimit), [10, -10, 10, 3]);
});

test("playing takes as long as the shot and stops at its end", () => {
  assert.equal(playedOn(0, 2500, 5), 0.5);
  assert.equal(playedOn(0.9, 2500, 5), 1);
});
