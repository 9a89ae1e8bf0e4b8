// @ts-check
// Whose value of a move counts, who hears of it, and when the kernel does.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { CameraValues } from "../../runway_nb/notebook/static/camera_values.js";
import { MOVES } from "../../runway_nb/notebook/static/facts.js";
import { FakeModel } from "./fake_model.js";

function made() {
  const model = new FakeModel({ ...Object.fromEntries(MOVES.map(move => [move, 0])), static: false });
  /** @type {string[]} */
  const heard = [];
  const values = new CameraValues(model, { moved: () => heard.push("moved"), changed: () => heard.push("changed") });
  return { model, values, heard };
}

test("the user's hand counts before the control, and the control before the preview", () => {
  const { model, values } = made();
  model.set("zoom", 1);
  assert.equal(values.value("zoom"), 1);
  values.follow({ zoom: new FakeModel({ value: 2 }) });
  assert.equal(values.value("zoom"), 2);
  values.hold("zoom", 3);
  assert.equal(values.value("zoom"), 3);
  values.letGo("zoom");
  assert.equal(values.value("zoom"), 2);
  values.unfollow();
  assert.equal(values.value("zoom"), 1);
});

test("while a slider is dragged the picture moves and nothing is sent", () => {
  const { model, values, heard } = made();
  const zoom = new FakeModel({ value: 0 });
  values.follow({ zoom });
  for (const value of [1, 2, 3]) values.hold("zoom", value);
  values.letGo("zoom");
  assert.deepEqual(heard, ["moved", "moved", "moved", "changed"]);
  assert.deepEqual([zoom.saved, model.saved, model.sent], [0, 0, []]);
});

test("a key sets the value in the page at once, and the kernel hears of it once, when the key is up", () => {
  const { values, heard } = made();
  const zoom = new FakeModel({ value: 0 });
  values.follow({ zoom });
  for (const value of [0.5, 1, 1.5]) values.put("zoom", value);
  assert.deepEqual([zoom.get("value"), zoom.saved, heard.length], [1.5, 0, 3]);
  values.save("zoom");
  values.save("zoom");
  assert.equal(zoom.saved, 1);
  values.commit("zoom", 0);
  assert.deepEqual([zoom.get("value"), zoom.saved], [0, 2]);
});

test("a move without a control is the preview's own", () => {
  const { model, values } = made();
  values.commit("pan", -4);
  assert.deepEqual([model.get("pan"), model.saved], [-4, 1]);
  assert.equal(values.camera.pan, -4);
});

test("a change of the preview's value is heard only where no control has another one", () => {
  const { model, values, heard } = made();
  model.set("zoom", 1);
  values.follow({ zoom: new FakeModel({ value: 0 }) });
  model.set("zoom", 2);
  model.set("pan", 2);
  assert.deepEqual(heard, ["moved", "moved"]);
});

test("a static camera has no moves and locks its sliders", () => {
  const { values, heard } = made();
  const controls = { zoom: new FakeModel({ value: 5, disabled: false }), static: new FakeModel({ value: false }) };
  values.follow(controls);
  assert.equal(values.camera.zoom, 5);
  controls.static.set("value", true);
  assert.deepEqual([values.camera, controls.zoom.get("disabled"), heard], [{}, true, ["changed"]]);
  controls.static.set("value", false);
  assert.deepEqual([values.camera.zoom, controls.zoom.get("disabled")], [5, false]);
});

test("controls that are followed no more are not heard", () => {
  const { values, heard } = made();
  const zoom = new FakeModel({ value: 0 });
  values.follow({ zoom });
  values.unfollow();
  zoom.set("value", 4);
  assert.deepEqual([heard, zoom.listeners], [[], []]);
});
