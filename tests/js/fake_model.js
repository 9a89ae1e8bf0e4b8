// @ts-check
/** @import { WidgetModel } from "../../runway_nb/notebook/static/kernel.js" */

/**
 * A widget's model without a front end: what is set calls who listens, what is sent is kept.
 * @implements {WidgetModel}
 */
export class FakeModel {
  /** @param {Record<string, any>} values */
  constructor(values = {}) {
    this.values = values;
    /** @type {any[]} */
    this.sent = [];
    /** @type {(DataView[] | undefined)[]} */
    this.buffers = [];
    this.saved = 0;
    /** @type {Record<string, unknown>} */
    this.unsaved = {};
    /** @type {Record<string, unknown>[]} */
    this.saves = [];
    /** @type {{ event: string, act: (...args: any[]) => void, context: unknown }[]} */
    this.listeners = [];
    /** @type {Record<string, FakeModel>} */
    this.others = {};
    this.widget_manager = { get_model: (/** @type {string} */ id) => this.find(id) };
  }

  /** @param {string} id */
  async find(id) {
    if (!(id in this.others)) throw new Error("no such model");
    return this.others[id];
  }

  /** @param {string} name */
  get(name) {
    return this.values[name];
  }

  /** @type {(name: string, value: unknown) => void} */
  set(name, value) {
    if (this.values[name] === value) return;
    this.values[name] = this.unsaved[name] = value;
    for (const { event, act } of [...this.listeners]) if (event === `change:${name}`) act();
  }

  save_changes() {
    this.saved += 1;
    this.saves.push(this.unsaved);
    this.unsaved = {};
  }

  /** @type {(event: string, act: (...args: any[]) => void, context?: unknown) => void} */
  on(event, act, context) {
    this.listeners.push({ event, act, context });
  }

  /** @type {(event: string, act: null, context: unknown) => void} */
  off(event, _, context) {
    this.listeners = this.listeners.filter(one => one.event !== event || one.context !== context);
  }

  /** @type {(content: object, callbacks?: undefined, buffers?: DataView[]) => void} */
  send(content, _, buffers) {
    this.sent.push(content);
    this.buffers.push(buffers);
  }
}
