// @ts-check
// What the notebook's file holds in the place of widgets, and that a widget which lives comes back.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { joinFile, STATE, VIEW, withTexts } from "../../runway_nb/notebook/static/saved_notebook.js";

const DONE = { "text/html": "<b>done</b>", "text/plain": "done" };
/** @param {string} id */
const widget = id => ({ output_type: "display_data", data: { [VIEW]: { model_id: id }, "text/plain": "live" } });
const code = (/** @type {object[]} */ ...outputs) => ({ cell_type: "code", outputs });

/** A notebook's model, whose file is written by the method of its class. */
class Model {
  /** @param {any} notebook */
  constructor(notebook) {
    this.notebook = notebook;
  }

  toJSON() {
    return structuredClone(this.notebook);
  }

  /** @param {any} notebook */
  fromJSON(notebook) {
    this.notebook = notebook;
  }
}

const putBack = () => {};

test("the text stands in the place of its widget, which the metadata name", () => {
  /** @type {{ cell_type: string, outputs?: object[] }[]} */
  const cells = [{ cell_type: "markdown" }, code(widget("m1"), widget("theirs"))];
  const written = withTexts({ cells, metadata: { kernelspec: {} } }, { place: { model: "m1", data: DONE } });
  const metadata = { runway_nb: { place: "place", widget: "m1" } };
  assert.deepEqual(written.cells, [
    { cell_type: "markdown" },
    code({ output_type: "display_data", data: DONE, metadata }, widget("theirs")),
  ]);
  assert.deepEqual(written.metadata, { kernelspec: {} });
  assert.deepEqual(cells[1], code(widget("m1"), widget("theirs")), "what stands in the page stays as it is");
});

test("the states of widgets that have given their place leave the file, and no others", () => {
  const texts = { place: { model: "m1", data: DONE } };
  const saved = { version_major: 2, state: { m1: {}, theirs: {} } };
  const both = withTexts({ cells: [], metadata: { widgets: { [STATE]: saved, other: 1 } } }, texts);
  assert.deepEqual(both.metadata, {
    widgets: { [STATE]: { version_major: 2, state: { theirs: {} } }, other: 1 },
  });
  const alone = withTexts({ cells: [], metadata: { widgets: { [STATE]: { state: { m1: {} } } } } }, texts);
  assert.deepEqual(alone.metadata, {});
  const odd = { widgets: { other: 1 } };
  assert.deepEqual(withTexts({ cells: [], metadata: odd }, texts).metadata, odd);
});

test("every widget of a page writes its text, until it is gone", () => {
  const model = new Model({ cells: [code(widget("m1"), widget("m2"))], metadata: {} });
  const shown = () => model.toJSON().cells[0].outputs.map((/** @type {any} */ output) => output.data["text/plain"]);
  const ends = ["m1", "m2"].map(id => joinFile(model, { texts: () => ({ [id]: { model: id, data: DONE } }), putBack }));
  assert.deepEqual(shown(), ["done", "done"]);
  ends[0]();
  assert.deepEqual(shown(), ["live", "done"]);
  ends[1]();
  assert.deepEqual(shown(), ["live", "live"]);
});

test("whatever goes wrong, the notebook is saved as it stands", t => {
  const complaints = t.mock.method(console, "error", () => {});
  const notebook = { cells: [code(widget("m1"))], metadata: {} };
  const model = new Model(notebook);
  const texts = () => {
    throw new Error("no texts");
  };
  joinFile(model, { texts, putBack });
  assert.deepEqual(model.toJSON(), notebook);
  assert.equal(complaints.mock.callCount(), 1);
});

test("after the file was read again every widget may come back, until it is gone", () => {
  const model = new Model({ cells: [], metadata: {} });
  const other = { cells: [code()], metadata: {} };
  /** @type {any[]} */
  const seen = [];
  const end = joinFile(model, { texts: () => ({}), putBack: () => seen.push(model.notebook) });
  model.fromJSON(other);
  assert.deepEqual(seen, [other]);
  end();
  model.fromJSON(other);
  assert.equal(seen.length, 1);
});
