// @ts-check
// The value of each move at this moment, whoever holds it: the user's hand, a control, or the preview itself.
import { MOVES } from "./facts.js";
/** @import { Camera } from "./camera.js" */
/** @import { Models, WidgetModel } from "./kernel.js" */

/** @typedef {{ moved: () => void, changed: () => void }} Listener Called after a move has another value; after others. */

export class CameraValues {
  /**
   * @param {WidgetModel} model
   * @param {Listener} listener
   */
  constructor(model, listener) {
    this.model = model;
    this.listener = listener;
    /** @type {Models} */
    this.controls = {};
    /** @type {Record<string, number>} */
    this.held = {};
    /** @type {Set<string>} */
    this.unsaved = new Set();
    for (const move of MOVES) model.on(`change:${move}`, () => !this.controls[move] && listener.moved());
  }

  /**
   * Return the value of a move.
   * @param {string} move
   * @returns {number}
   */
  value(move) {
    return this.held[move] ?? this.controls[move]?.get("value") ?? this.model.get(move);
  }

  /** @returns {boolean} */
  get isStatic() {
    return this.controls.static?.get("value") ?? this.model.get("static");
  }

  /** @returns {Camera} */
  get camera() {
    return this.isStatic ? {} : Object.fromEntries(MOVES.map(move => [move, this.value(move)]));
  }

  /**
   * Read the controls' own models: what they hold is shown at once, whether the kernel listens or not.
   * @param {Models} controls
   */
  follow(controls) {
    this.controls = controls;
    for (const [name, control] of Object.entries(controls)) {
      control.on("change:value", () => (name === "static" ? this.lock() : this.listener.moved()), this);
    }
  }

  unfollow() {
    for (const control of Object.values(this.controls)) control.off("change:value", null, this);
    this.controls = {};
  }

  /** A static camera has no moves; the kernel hears of it in its own time. */
  lock() {
    for (const move of MOVES) this.controls[move]?.set("disabled", this.isStatic);
    this.listener.changed();
  }

  /**
   * Show a value that nobody else knows yet.
   * @param {string} move
   * @param {number} value
   */
  hold(move, value) {
    this.held[move] = value;
    this.listener.moved();
  }

  /** @param {string} move */
  letGo(move) {
    delete this.held[move];
    this.listener.changed();
  }

  /**
   * Set a value in the page; `save` sends it to the kernel.
   * @param {string} move
   * @param {number} value
   */
  put(move, value) {
    const control = this.controls[move];
    if (control) control.set("value", value);
    else this.model.set(move, value);
    this.unsaved.add(move);
  }

  /** @param {string} move */
  save(move) {
    if (!this.unsaved.delete(move)) return;
    (this.controls[move] ?? this.model).save_changes();
  }

  /**
   * Set a value in the page and in the kernel.
   * @param {string} move
   * @param {number} value
   */
  commit(move, value) {
    this.put(move, value);
    this.save(move);
  }
}
