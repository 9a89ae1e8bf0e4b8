// @ts-check
// The widget that shows nothing: it puts what the kernel says at display ids that the page has lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ARRIVES } from "../../runway_nb/notebook/static/host.js";
import keeper from "../../runway_nb/notebook/static/text_keeper.js";
import { FakeModel } from "./fake_model.js";

/** A page with one output, which so many pages show; one alone is what a notebook has that is not shared. */
function page(pages = 1) {
  const output = { data: { "text/plain": "Not sent yet" }, metadata: { runway_nb: { place: "a" } } };
  const outputs = {
    length: 1,
    get: () => output,
    set: (/** @type {number} */ _, /** @type {any} */ { data }) => put(data),
  };
  const put = (/** @type {any} */ data) => {
    output.data = data;
  };
  const awareness = { getStates: () => new Map([...Array(pages).keys()].map(id => [id, {}])) };
  const model = new FakeModel({ texts: {} });
  const context = { model: { cells: [{ outputs }], getMetadata() {}, sharedModel: { insertCell() {}, awareness } } };
  Object.assign(model.widget_manager, { context });
  keeper.initialize({ model });
  const hear = (/** @type {object} */ message) => {
    for (const { event, act } of model.listeners) if (event === "msg:custom") act(message);
  };
  return { output, hear };
}

const SENT = { "text/plain": "Sent" };
const PUT = { kind: "put", display_id: "a", data: SENT };

test("what the kernel puts at a display id is shown there, and no other message is obeyed", () => {
  const { output, hear } = page();
  hear({ ...PUT, kind: "say" });
  hear({ ...PUT, display_id: "b" });
  assert.deepEqual(output.data, { "text/plain": "Not sent yet" });
  hear(PUT);
  assert.deepEqual(output.data, SENT);
});

test("in a notebook that other pages have open, too, one that knows the display id comes first", context => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { output, hear } = page(2);
  hear(PUT);
  assert.deepEqual(output.data, { "text/plain": "Not sent yet" });
  context.mock.timers.tick(ARRIVES);
  assert.deepEqual(output.data, SENT, "where no page knows it, the first writes for all");
});

test("what has come to stand there meanwhile is not replaced by what was put before it", context => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { output, hear } = page(2);
  hear(PUT);
  output.data = { "text/plain": "The grid" };
  context.mock.timers.tick(9 * ARRIVES);
  assert.deepEqual(output.data, { "text/plain": "The grid" });
});

test("of what is put while it waits, the last is shown", context => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { output, hear } = page(2);
  hear(PUT);
  hear({ ...PUT, data: { "text/plain": "Sent, and done" } });
  context.mock.timers.tick(9 * ARRIVES);
  assert.deepEqual(output.data, { "text/plain": "Sent, and done" });
});

test("a front end that keeps its notebook to itself is left alone", () => {
  const model = new FakeModel({ texts: {} });
  assert.equal(keeper.initialize({ model }), undefined);
  for (const { act } of model.listeners) act(PUT);
});
