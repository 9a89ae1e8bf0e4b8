// @ts-check
// Results and texts in the notebook around the panel: which outputs are changed, and what goes into the file.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Notebook } from "../../runway_nb/notebook/static/host.js";

const VIEW = "application/vnd.jupyter.widget-view+json";
const STATE = "application/vnd.jupyter.widget-state+json";
const DONE = { "text/plain": "done" };

/** @typedef {{ data: any, metadata?: any }} Output */

/** A list that calls who listens, as JupyterLab's signals do. */
class Signal {
  /** @type {((sender: unknown, value: any) => void)[]} */
  acts = [];

  /** @param {(sender: unknown, value: any) => void} act */
  connect(act) {
    this.acts.push(act);
  }

  /** @param {(sender: unknown, value: any) => void} act */
  disconnect(act) {
    this.acts = this.acts.filter(one => one !== act);
  }

  /** @param {unknown} value */
  emit(value) {
    for (const act of this.acts) act(null, value);
  }
}

/** A notebook of cells with these outputs. */
function notebook(/** @type {Output[][]} */ ...cells) {
  /** @type {[number, number][]} */
  const changed = [];
  /** @type {any} */
  const metadata = {};
  const outputs = cells.map((list, cell) => ({
    length: list.length,
    get: (/** @type {number} */ index) => list[index],
    set: (/** @type {number} */ index, /** @type {Output} */ output) => {
      list[index] = output;
      model.dirty = true;
      changed.push([cell, index]);
    },
  }));
  let writes = 0;
  /** @type {any} */
  const model = {
    cells: [{}, ...outputs.map(one => ({ outputs: one }))],
    getMetadata: (/** @type {string} */ name) => metadata[name],
    setMetadata: (/** @type {string} */ name, /** @type {unknown} */ value) => {
      writes += 1;
      metadata[name] = value;
    },
    deleteMetadata: (/** @type {string} */ name) => {
      writes += 1;
      delete metadata[name];
    },
    sharedModel: { insertCell: () => {} },
  };
  const session = { statusChanged: new Signal(), kernelChanged: new Signal() };
  /** @type {any} */
  const context = { model, saveState: new Signal(), sessionContext: session, isDisposed: false };
  /** @type {any} */
  const widget = { widget_manager: { context } };
  const found = /** @type {Notebook} */ (Notebook.around(widget));
  return { found, context, session, cells, changed, metadata, writes: () => writes };
}

/** @param {string} place */
const marked = place => ({ data: { "text/plain": "running" }, metadata: { runway_nb: { place } } });
/** @param {string} id */
const widget = id => ({ data: { [VIEW]: { model_id: id } } });

test("a front end that keeps its notebook to itself gives none", () => {
  for (const manager of [undefined, {}, { context: {} }, { context: { model: { cells: [] } } }]) {
    assert.equal(Notebook.around(/** @type {any} */ ({ widget_manager: manager })), null);
  }
});

test("data goes to every output of its display id, and to no other", () => {
  const { found, cells, changed } = notebook([marked("a"), marked("b")], [marked("a"), { data: {} }]);
  found.put("a", DONE);
  assert.deepEqual(changed, [
    [0, 0],
    [1, 0],
  ]);
  assert.deepEqual(cells[0][0], { output_type: "display_data", data: DONE, metadata: { runway_nb: { place: "a" } } });
  found.put("a", DONE);
  assert.equal(changed.length, 2, "what is there already is not set again: the notebook would count as changed");
});

test("of data that wait for another page the last is shown, if that page has not shown it", t => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { found, cells, changed } = notebook([marked("a")], [marked("b")]);
  found.put("a", { "text/plain": "half done" }, 1000);
  found.put("a", DONE, 1000);
  found.put("b", DONE, 1000);
  assert.deepEqual(changed, []);
  cells[1][0].data = DONE;
  t.mock.timers.tick(1000);
  assert.deepEqual(changed, [[0, 0]]);
  assert.deepEqual(cells[0][0].data, DONE);
});

test("a page knows who looks at it, and its place among all that have the notebook open", () => {
  const { found, context } = notebook([]);
  assert.deepEqual([found.person, found.rank, found.client], [{}, 0, undefined]);
  context.sessionContext.session = { kernel: { clientId: "c" } };
  const people = new Map(
    [7, 3, 11].map(id => [id, { user: { username: "u", name: "Anonymous Io", display_name: "Io" } }]),
  );
  context.model.sharedModel.awareness = { clientID: 7, getStates: () => people, getLocalState: () => people.get(7) };
  assert.deepEqual(found.person, { account: "u", name: "Io" });
  assert.equal(found.rank, 1);
  assert.equal(found.client, "c");
});

test("when the kernel has gone, texts take the place of their widgets", () => {
  const { found, cells, changed } = notebook([widget("m1"), widget("m2")]);
  found.putTexts({ "runway-1": { model: "m2", data: DONE } });
  assert.deepEqual(changed, [[0, 1]]);
  assert.deepEqual(cells[0][1].metadata, { runway_nb: { place: "runway-1" } });
});

test("a widget that lives comes back where the file held its text, and the notebook is not changed by that", async () => {
  const saved = (/** @type {string} */ id) => ({ data: DONE, metadata: { runway_nb: { place: "a", widget: id } } });
  const { found, context, cells } = notebook([saved("m1"), saved("dead"), saved("gone"), marked("a")]);
  context.model.dirty = false;
  /** @type {Record<string, { comm_live: boolean }>} */
  const live = { m1: { comm_live: true }, dead: { comm_live: false } };
  const restored = new Signal();
  const manager = {
    restored,
    restoredStatus: false,
    get_model: async (/** @type {string} */ id) => live[id] ?? Promise.reject(Error("widget model not found")),
  };
  const putting = ["m1", "dead", "gone"].map(model => found.putBack({ a: { model, data: {} } }, manager));
  await new Promise(setImmediate);
  assert.deepEqual(cells[0][0], saved("m1"), "the page does not know the widgets yet");
  restored.emit(null);
  await Promise.all(putting);
  const view = { version_major: 2, version_minor: 0, model_id: "m1" };
  const back = {
    output_type: "display_data",
    data: { ...DONE, [VIEW]: view },
    metadata: { runway_nb: { place: "a" } },
  };
  assert.deepEqual(cells[0], [back, saved("dead"), saved("gone"), marked("a")]);
  assert.equal(context.model.dirty, false);
});

test("texts are kept in the file for the widgets that are shown, beside the states of others", () => {
  const { found, metadata, writes } = notebook([widget("m1"), widget("m2")]);
  metadata.widgets = {
    other: 1,
    [STATE]: { version_major: 2, version_minor: 0, state: { theirs: { model_name: "X" } } },
  };
  const texts = { a: { model: "m1", data: DONE }, b: { model: "gone", data: DONE } };
  found.keep(texts);
  const { state } = metadata.widgets[STATE];
  assert.deepEqual(Object.keys(state), ["theirs", "m1"]);
  assert.equal(state.m1.model_name, "OutputModel");
  assert.deepEqual(state.m1.state.outputs[0].data, DONE);
  assert.equal(metadata.widgets.other, 1);
  found.keep(texts);
  assert.equal(writes(), 1, "the same is not written again");
});

test("a text whose widget is shown no more leaves the file", () => {
  const { found, cells, metadata } = notebook([widget("m1")]);
  found.keep({ a: { model: "m1", data: DONE } });
  cells[0][0] = { data: {} };
  found.keep({});
  assert.equal(metadata.widgets, undefined);
});

test("nothing is kept in a notebook that is closed", () => {
  const { found, context, writes } = notebook([widget("m1")]);
  context.isDisposed = true;
  found.keep({ a: { model: "m1", data: DONE } });
  assert.equal(writes(), 0);
});

test("the start of saving is heard, until the view has gone", () => {
  const { found, context } = notebook([]);
  const gone = new AbortController();
  let saved = 0;
  found.whenSaved(() => saved++, gone.signal);
  for (const state of ["started", "completed"]) context.saveState.emit(state);
  assert.equal(saved, 1);
  gone.abort();
  context.saveState.emit("started");
  assert.equal(saved, 1);
});

test("the end of a kernel is heard, and so is another kernel in its place", () => {
  const { found, session } = notebook([]);
  const gone = new AbortController();
  let ended = 0;
  found.whenKernelEnds(() => ended++, gone.signal);
  for (const status of ["busy", "idle", "dead", "restarting"]) session.statusChanged.emit(status);
  assert.equal(ended, 2);
  session.kernelChanged.emit({ oldValue: null, newValue: { id: "1" } });
  session.kernelChanged.emit({ oldValue: { id: "1" }, newValue: { id: "1" } });
  assert.equal(ended, 2);
  session.kernelChanged.emit({ oldValue: { id: "1" }, newValue: null });
  assert.equal(ended, 3);
  gone.abort();
  session.statusChanged.emit("dead");
  assert.equal(ended, 3);
});
