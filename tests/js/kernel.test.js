// @ts-check
// What the page and the kernel send each other: the order of clicks, answers, values, pieces of a file.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Kernel, modelsOf } from "../../runway_nb/notebook/static/kernel.js";
import { FakeModel } from "./fake_model.js";

/** Let everything run that waits for nothing but its turn. */
const turns = () => new Promise(done => setImmediate(done));

/** @param {Record<string, FakeModel>} fields */
function connected(fields = {}) {
  const model = new FakeModel();
  const kernel = new Kernel(model, "view");
  kernel.fields = fields;
  /** @type {(number: string, text?: string) => Promise<unknown>} */
  const answer = (number, text = "") => {
    kernel.hear({ kind: "answer", number, text });
    return turns();
  };
  return { model, kernel, answer, kinds: () => model.sent.map(message => message.kind) };
}

// --- questions and answers --------------------------------------------------------------------------

test("a question has a number of its own, and its answer is its text", async () => {
  const { model, kernel, answer } = connected();
  const [first, second] = [kernel.ask("cell"), kernel.ask("cell", { values: {} })];
  assert.deepEqual(model.sent, [
    { kind: "cell", number: "view.1" },
    { kind: "cell", number: "view.2", values: {} },
  ]);
  await answer("view.2", "two");
  await answer("view.1", "one");
  assert.deepEqual(await Promise.all([first, second]), ["one", "two"]);
});

test("answers to another view, later ones and other messages are left", async () => {
  const { kernel, answer } = connected();
  const asked = kernel.ask("cell");
  await answer("other.1", "not ours");
  kernel.hear({ kind: "put", number: "view.1", text: "no answer" });
  await answer("view.1", "ours");
  await answer("view.1", "late");
  assert.equal(await asked, "ours");
  assert.equal(kernel.asked.size, 0);
});

test("two views of one widget never share a number", () => {
  const model = new FakeModel();
  const [one, two] = [new Kernel(model), new Kernel(model)];
  one.ask("cell");
  two.ask("cell");
  assert.notEqual(model.sent[0].number, model.sent[1].number);
});

test("a view reports itself, and whether it reaches the notebook, and that it is gone", () => {
  const { model, kernel } = connected();
  kernel.greet(true);
  kernel.leave();
  assert.deepEqual(model.sent, [
    { kind: "shown", view: "view", notebook: true },
    { kind: "left", view: "view" },
  ]);
});

test("a view that outlives its kernel goes without a word", () => {
  const { model, kernel } = connected();
  model.send = () => {
    throw new Error("Cannot send");
  };
  kernel.leave();
});

// --- order ------------------------------------------------------------------------------------------

test("a sweep is sent at the price that stands there, with what is typed, after what was clicked before", async () => {
  const { model, kernel, answer, kinds } = connected({ sweep_across_values: new FakeModel({ value: "1..4" }) });
  model.set("priced_sweep", "4 shots, 100 credits");
  kernel.act("act", { name: "reset" });
  const pressed = kernel.pressSweep(true);
  await turns();
  assert.deepEqual(kinds(), ["act"]);
  await answer("view.1");
  await pressed;
  const values = { sweep_across_values: "1..4" };
  assert.deepEqual(model.sent[1], { kind: "sweep", values, seen: "4 shots, 100 credits", agreed: true });
  const asked = kernel.askSweepCell();
  await turns();
  assert.deepEqual(model.sent[2], { kind: "sweep-cell", number: "view.2", values });
  await answer("view.2", "%%runway");
  assert.equal(await asked, "%%runway");
});

test("Generate is sent at once when nothing is under way", async () => {
  const { model, kernel } = connected({ prompt: new FakeModel({ value: "A lamp" }) });
  await kernel.press();
  assert.deepEqual(model.sent, [{ kind: "press", values: { prompt: "A lamp" }, model: "" }]);
});

test("Generate waits for every change that was asked for before it, and takes the values of then", async () => {
  const seed = new FakeModel({ value: "7" });
  const { model, kernel, answer, kinds } = connected({ seed });
  kernel.act("act", { name: "dice", value: "" });
  kernel.act("open", { name: "00000001" });
  const pressed = kernel.press();
  await turns();
  assert.deepEqual(kinds(), ["act", "open"]);
  await answer("view.1");
  assert.deepEqual(kinds(), ["act", "open"]);
  seed.set("value", "8");
  await answer("view.2");
  await pressed;
  assert.deepEqual(model.sent[2], { kind: "press", values: { seed: "8" }, model: "" });
});

test("Generate waits for a change that is asked for while it waits, too", async () => {
  const { kernel, answer, kinds } = connected();
  kernel.act("act", { name: "swap" });
  const pressed = kernel.press();
  kernel.act("act", { name: "preset" });
  await answer("view.1");
  assert.deepEqual(kinds(), ["act", "act"]);
  await answer("view.2");
  await pressed;
  assert.deepEqual(kinds(), ["act", "act", "press"]);
});

/**
 * Press a preset while `tilt` is at 4, of which the kernel does not know yet; return what its model sends at the answer.
 * @param {number} now What the page shows by then.
 * @param {Record<string, unknown>} [late]
 */
async function preset(now, late) {
  const tilt = new FakeModel({ value: 4 });
  const { model, kernel } = connected({ tilt, zoom: new FakeModel({ value: 0 }) });
  kernel.act("act", { name: "preset", value: "Push in" });
  const shown = { tilt: 4, zoom: 0 };
  assert.deepEqual(model.sent, [{ kind: "act", number: "view.1", name: "preset", value: "Push in", shown }]);
  const pressed = kernel.press();
  tilt.set("value", now);
  tilt.save_changes();
  kernel.hear({ kind: "answer", number: "view.1", text: "", late });
  await pressed;
  const values = { tilt: tilt.get("value"), zoom: 0 };
  assert.deepEqual(model.sent.slice(1), [{ kind: "press", values, model: "" }]);
  return tilt.saves.slice(1);
}

test("what an act has made of a control is sent again after a value from before it, and before Generate", async () => {
  for (const now of [0, 4]) assert.deepEqual(await preset(now, { tilt: 0 }), [{ value: 0 }]);
});

test("what the user has changed since an act stays", async () => {
  assert.deepEqual(await preset(7, { tilt: 0 }), []);
});

test("nothing is sent again where nothing was on its way, nor of a control that is gone", async () => {
  assert.deepEqual(await preset(4), []);
  assert.deepEqual(await preset(4, { gone: 1 }), []);
});

test("a list goes back to its entry, or to none", async () => {
  const first = new FakeModel({ _options_labels: ["harbour", "meadow"], index: 1 });
  const { kernel } = connected({ first });
  kernel.outlast({ first: "meadow" }, { first: "harbour" });
  kernel.outlast({ first: "harbour" }, { first: "gone" });
  assert.deepEqual(first.saves, [{ index: 0 }, { index: null }]);
});

test("clicks on Generate and on the cell are sent in their order", async () => {
  const { kernel, answer, kinds } = connected();
  kernel.act("act", { name: "dice" });
  const done = [kernel.press(), kernel.askCell(), kernel.press()];
  await answer("view.1");
  assert.deepEqual(kinds(), ["act", "press", "cell", "press"]);
  await answer("view.2", "%%runway\nA lamp");
  assert.equal((await Promise.all(done))[1], "%%runway\nA lamp");
});

test("a question for code names its language and takes along what the page shows", async () => {
  const { model, kernel, answer } = connected({ zoom: new FakeModel({ value: 4 }) });
  const asked = kernel.askCode("curl");
  await turns();
  assert.deepEqual(model.sent, [{ kind: "code", number: "view.1", language: "curl", values: { zoom: 4 } }]);
  await answer("view.1", "curl -X POST");
  assert.equal(await asked, "curl -X POST");
});

test("a question for the cell holds up no click", async () => {
  const { kernel, kinds } = connected();
  kernel.askCell();
  await turns();
  await kernel.press();
  assert.deepEqual(kinds(), ["cell", "press"]);
});

// --- values -----------------------------------------------------------------------------------------

test("of a list the label is shown, of everything else the value", () => {
  const list = new FakeModel({ _options_labels: ["None", "harbour.jpg"], index: 1, value: "ignored" });
  const empty = new FakeModel({ _options_labels: ["None"], index: null, value: "kept" });
  const { kernel } = connected({ first: list, last: empty, zoom: new FakeModel({ value: 0 }) });
  assert.deepEqual(kernel.shown, { first: "harbour.jpg", last: "kept", zoom: 0 });
});

test("a trait that names widgets leads to their models, and one that is gone is left out", async () => {
  const model = new FakeModel({ controls: { zoom: "IPY_MODEL_a", pan: "IPY_MODEL_gone" } });
  const zoom = new FakeModel();
  model.others = { a: zoom };
  assert.deepEqual(Object.entries(await modelsOf(model, "controls")), [["zoom", zoom]]);
  assert.deepEqual(await modelsOf(model, "fields"), {});
});

// --- files ------------------------------------------------------------------------------------------

/** @type {(size: number, name?: string) => File} */
const file = (size, name = "big.png") => new File([Uint8Array.from({ length: size }, (_, index) => index)], name);

/** @param {FakeModel} model */
const bytesOf = model =>
  model.buffers.flatMap(views => (views ?? []).flatMap(view => [...new Uint8Array(view.buffer)]));

for (const [size, pieces] of [
  [10, [4, 4, 2]],
  [8, [4, 4]],
  [3, [3]],
]) {
  test(`a file of ${size} bytes goes in pieces of ${pieces}`, async () => {
    const { model, kernel } = connected();
    await kernel.upload("middle", file(Number(size)), 4, () => {});
    const { length: count } = /** @type {number[]} */ (pieces);
    const message = { kind: "piece", position: "middle", file: "view.1", count, name: "big.png" };
    assert.deepEqual(model.sent, Array(count).fill(message));
    assert.deepEqual(
      model.buffers.map(views => views?.[0].byteLength),
      pieces,
    );
    assert.deepEqual(bytesOf(model), [...Array(size).keys()]);
  });
}

test("two files at once are told apart", async () => {
  const { model, kernel } = connected();
  const report = () => {};
  await Promise.all([kernel.upload("first", file(8), 4, report), kernel.upload("last", file(8), 4, report)]);
  const first = model.sent.filter(message => message.file === "view.1").map(message => message.position);
  assert.deepEqual(first, ["first", "first"]);
  assert.equal(model.sent.length, 4);
});

test("how far an upload is, is reported before each piece, and its end", async () => {
  const { kernel } = connected();
  /** @type {string[]} */
  const said = [];
  await kernel.upload("first", file(12), 4, text => said.push(text));
  const parts = [0, 33, 67].map(percent => `Uploading big.png: ${percent} %`);
  assert.deepEqual(said, [...parts, "big.png is uploaded."]);
});
