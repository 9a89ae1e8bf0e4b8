// @ts-check
// What the page knows of a sweep: the widget's own values first, then what messages bring.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SweepStore } from "../../runway_nb/notebook/static/sweep_store.js";
import { FakeModel } from "./fake_model.js";

const PLAN = { cells: [{ label: "zoom 0" }, { label: "zoom 5" }] };
/** @type {(more?: object) => any} */
const cell = (more = {}) => ({ state: "waiting", word: "Waiting", star: false, rejected: false, ...more });
const MEASURES = { frames: 24, columns: 6, width: 240, height: 144, seconds: 5 };

function opened() {
  const first = { status: "0 of 2 done", cost: "", isOpen: true, cells: { 0: cell(), 1: cell() } };
  const model = new FakeModel({ plan: PLAN, first });
  const store = new SweepStore(model);
  const signal = new AbortController();
  /** @type {any[]} */
  const heard = [];
  store.listen(change => heard.push(change), signal.signal);
  /** @type {(message: object, ...buffers: DataView[]) => void} */
  const bring = (message, ...buffers) => {
    for (const { event, act } of model.listeners) if (event === "msg:custom") act(message, buffers);
  };
  return { model, store, heard, bring, signal };
}

test("it begins with the widget's own values, and greets the kernel for each view with what it holds", () => {
  const { model, store, bring } = opened();
  assert.deepEqual([store.status, store.isOpen, store.cells.length], ["0 of 2 done", true, 2]);
  assert.deepEqual(model.sent, []);
  store.greet();
  bring({ kind: "strip", number: 1, ...MEASURES }, new DataView(new ArrayBuffer(8)));
  store.greet();
  assert.deepEqual(model.sent, [
    { kind: "hello", held: [] },
    { kind: "hello", held: [1] },
  ]);
});

test("a message changes what it names, and its listeners hear which", () => {
  const { store, heard, bring } = opened();
  bring({
    kind: "update",
    status: "1 of 2 done",
    cost: "25 credits",
    isOpen: false,
    cells: { 1: cell({ state: "ready" }) },
  });
  assert.deepEqual([store.status, store.cost, store.isOpen], ["1 of 2 done", "25 credits", false]);
  assert.deepEqual([store.cells[0].state, store.cells[1].state], ["waiting", "ready"]);
  assert.deepEqual(heard, [{ changed: [1] }]);
});

test("a strip is taken once, and the longest that moves gives the time", () => {
  const { store, heard, bring } = opened();
  const data = new DataView(new ArrayBuffer(8));
  bring({ kind: "strip", number: 0, ...MEASURES }, data);
  const first = store.strips.get(0);
  bring({ kind: "strip", number: 0, ...MEASURES, seconds: 9 }, data);
  bring({ kind: "strip", number: 1, ...MEASURES, frames: 1, seconds: 60 }, data);
  bring({ kind: "strip", number: 1, ...MEASURES });
  assert.equal(store.strips.get(0), first);
  assert.equal(first?.picture.size, 8);
  assert.equal(store.length, 5);
  assert.deepEqual(
    heard.map(change => change.strip),
    [0, 1],
  );
});

test("a star stands at once, takes a rejection back, and is sent", () => {
  const { model, store, heard } = opened();
  store.mark(1, "rejected", true);
  store.mark(1, "star", true);
  assert.deepEqual([store.cells[1].star, store.cells[1].rejected, store.starred], [true, false, [1]]);
  assert.deepEqual(model.sent.at(-1), { kind: "mark", shot: 1, name: "star", value: true, turn: 2 });
  store.mark(1, "star", false);
  assert.deepEqual([store.cells[1].star, heard.length], [false, 3]);
});

test("the kernel hears now and then that somebody is there, and a text is handed on", () => {
  const { model, store, heard, bring, signal } = opened();
  store.act();
  store.act();
  assert.deepEqual(
    model.sent.map(message => message.kind),
    ["act"],
  );
  bring({ kind: "say", text: "No." });
  bring({ kind: "put", display_id: "x" });
  assert.deepEqual(heard, [{ changed: [], text: "No." }]);
  signal.abort();
  bring({ kind: "say", text: "Too late." });
  assert.equal(heard.length, 1);
});

test("a mark stands while the kernel has heard of an earlier one only, and then as the kernel keeps it", () => {
  const { model, store, bring } = opened();
  const update = { kind: "update", status: "", cost: "", isOpen: true };
  store.mark(0, "star", true);
  store.mark(0, "rejected", true);
  assert.deepEqual(
    model.sent.map(message => message.turn),
    [1, 2],
  );
  bring({ ...update, cells: { 0: cell({ word: "Ready", star: true }) }, turns: { 0: 1 } });
  assert.deepEqual([store.cells[0].word, store.cells[0].star, store.cells[0].rejected], ["Ready", false, true]);
  bring({ ...update, cells: { 0: cell({ star: true }) }, turns: { 0: 2 } });
  assert.deepEqual([store.cells[0].star, store.cells[0].rejected], [true, false], "it could not be kept");
  bring({ ...update, cells: { 0: cell() } });
  assert.equal(store.cells[0].star, false);
});
