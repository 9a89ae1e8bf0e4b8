// @ts-check
// Speaking with the kernel: what is asked, in which order, and what waits for what. Nothing here knows the page.
/** @import { Person } from "./host.js" */

/**
 * The widget's model in the page, as anywidget hands it over; `widget_manager` is the front end's own.
 * @typedef {object} WidgetModel
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, act: (...args: any[]) => void, context?: unknown) => void} on
 * @property {(event: string, act: null, context: unknown) => void} off
 * @property {(content: object, callbacks?: undefined, buffers?: DataView[]) => void} send
 * @property {any} widget_manager
 */

/** @typedef {Record<string, WidgetModel>} Models Models of widgets, by the name of the control. */
/**
 * `late` has what became of the controls of which the page had shown what the kernel did not know yet.
 * @typedef {{ kind: string, number: string, text: string, late?: Record<string, unknown> }} Answer
 */

/**
 * Return the models behind a trait that names widgets; one that is gone meanwhile is left out.
 * @type {(model: WidgetModel, trait: string) => Promise<Models>}
 */
export async function modelsOf(model, trait) {
  /** @type {Models} */
  const found = {};
  for (const [name, reference] of Object.entries(model.get(trait) ?? {})) {
    try {
      found[name] = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
    } catch {
      // the preview's own value counts
    }
  }
  return found;
}

/** @type {(control: WidgetModel, value: unknown) => void} */
function show(control, value) {
  const labels = control.get("_options_labels");
  if (labels) control.set("index", labels.includes(value) ? labels.indexOf(value) : null);
  else control.set("value", value);
}

/** Questions to the kernel and its answers, over the one line of the widget's messages. */
export class Kernel {
  /**
   * @param {WidgetModel} model
   * @param {string} name Tells this view from others of the same widget: all of them hear every answer.
   */
  constructor(model, name = Math.random().toString(36).slice(2)) {
    this.model = model;
    this.name = name;
    this.questions = 0;
    /** @type {Map<string, (answer: Answer) => void>} */
    this.asked = new Map();
    /** @type {Set<Promise<void>>} */
    this.acting = new Set();
    /** @type {Models} */
    this.fields = {};
  }

  /**
   * Ask the kernel for something; it answers with a text when it has done it.
   * @param {string} kind
   * @param {object} more
   */
  async ask(kind, more = {}) {
    return (await this.answered(kind, more)).text;
  }

  /**
   * @param {string} kind
   * @param {object} more
   * @returns {Promise<Answer>}
   */
  answered(kind, more) {
    const number = this.nextNumber();
    /** @type {Promise<Answer>} */
    const answer = new Promise(done => this.asked.set(number, done));
    this.model.send({ kind, number, ...more });
    return answer;
  }

  /**
   * Let the kernel do what only it can do.
   * @param {string} kind
   * @param {object} more
   */
  act(kind, more) {
    const { shown } = this;
    const done = this.answered(kind, { ...more, shown }).then(({ late }) => this.outlast(shown, late ?? {}));
    this.acting.add(done);
    done.then(() => this.acting.delete(done));
  }

  /**
   * Let controls keep what an act has made of them: a value from before it, which its model held back while an earlier
   * one was on its way to a busy kernel, comes later and would undo it. Sent by the same model, this comes last.
   * @param {Record<string, unknown>} before What they showed then; what the user has changed since stays.
   * @param {Record<string, unknown>} late What the act has made of them.
   */
  outlast(before, late) {
    const { shown } = this;
    for (const [name, value] of Object.entries(late)) {
      const control = this.fields[name];
      if (!control || (shown[name] !== before[name] && shown[name] !== value)) continue;
      show(control, before[name]); // a model says nothing of a value that it has already
      show(control, value);
      control.save_changes();
    }
  }

  /** Wait until the kernel has done all it was asked for: only then do the controls show what was meant. */
  async settled() {
    while (this.acting.size) await Promise.all(this.acting);
  }

  /** What the controls show: a click may overtake their values on the way to a busy kernel, and takes them along. */
  get shown() {
    /** @type {(model: WidgetModel) => unknown} */
    const value = model => model.get("_options_labels")?.[model.get("index")] ?? model.get("value");
    return Object.fromEntries(Object.entries(this.fields).map(([name, model]) => [name, value(model)]));
  }

  /**
   * Report that this view is there, whether it reaches the notebook around it, and who looks at it.
   * @param {boolean} notebook
   * @param {Person} [person]
   */
  greet(notebook, person) {
    this.model.send({ kind: "shown", view: this.name, notebook, ...person });
  }

  /** Report that this view is gone. */
  leave() {
    try {
      this.model.send({ kind: "left", view: this.name });
    } catch {
      // the kernel has gone before
    }
  }

  /** Press Generate. */
  async press() {
    await this.settled();
    // the model whose price stood there when the button was pressed
    this.model.send({ kind: "press", values: this.shown, model: this.model.get("priced_model") ?? "" });
  }

  /**
   * Send the sweep, at the price that stands beside the button.
   * @param {boolean} agreed Whether it was asked about.
   */
  async pressSweep(agreed) {
    await this.settled();
    this.model.send({ kind: "sweep", values: this.shown, seen: this.model.get("priced_sweep") ?? "", agreed });
  }

  /** Return the cell that makes the sweep which is shown. */
  async askSweepCell() {
    await this.settled();
    return this.ask("sweep-cell", { values: this.shown });
  }

  /** Return the cell that makes the request which is shown; a busy kernel lets it wait. */
  async askCell() {
    await this.settled();
    return this.ask("cell", { values: this.shown });
  }

  /**
   * Return code that makes the request which is shown.
   * @param {string} language
   */
  async askCode(language) {
    await this.settled();
    return this.ask("code", { language, values: this.shown });
  }

  /**
   * Take an answer; one to another view's question is left to it.
   * @param {Answer} message
   */
  hear(message) {
    if (message.kind !== "answer") return;
    this.asked.get(message.number)?.(message);
    this.asked.delete(message.number);
  }

  /**
   * Send a file in pieces that fit into messages.
   * @param {string} position Of the keyframe that it becomes.
   * @param {File} file
   * @param {number} size Bytes of a piece.
   * @param {(text: string) => void} report
   */
  async upload(position, file, size, report) {
    const count = Math.ceil(file.size / size);
    const id = this.nextNumber();
    for (let piece = 0; piece < count; piece++) {
      const bytes = await file.slice(piece * size, (piece + 1) * size).arrayBuffer();
      report(`Uploading ${file.name}: ${Math.round((piece / count) * 100)} %`);
      this.model.send({ kind: "piece", position, file: id, count, name: file.name }, undefined, [new DataView(bytes)]);
    }
    report(`${file.name} is uploaded.`);
  }

  nextNumber() {
    return `${this.name}.${++this.questions}`;
  }
}
