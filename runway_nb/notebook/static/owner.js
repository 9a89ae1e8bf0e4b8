// @ts-check
// Whose the panel is, in a notebook that several people have open: the others see it, and are told that they cannot use
// it. The kernel refuses what they send all the same; see ownership.py.
import { find, make } from "./dom.js";
import { ARRIVES } from "./host.js";

/** @import { Notebook } from "./host.js" */

/** What one page knows of the owner. */
export class Owner {
  /** @param {Notebook | null} notebook */
  constructor(notebook) {
    this.notebook = notebook;
    this.name = "";
    /** @type {string[]} Connections of the owner's pages. */
    this.pages = [];
  }

  /** @param {{ name: string, pages: string[] }} message */
  hear({ name, pages }) {
    this.name = name;
    this.pages = pages;
  }

  /** Whether the panel is somebody else's. */
  get isOther() {
    return Boolean(this.name) && !this.pages.includes(this.notebook?.client ?? "");
  }

  /** Whether this page writes for all: two that replace one output of a shared notebook leave two. */
  get isWriter() {
    return !this.name || this.pages.at(-1) === this.notebook?.client;
  }

  /** Milliseconds until this page may write what a page of the owner may be writing itself. */
  get patience() {
    return this.name ? ARRIVES : 0;
  }

  /** Milliseconds until this page may write what every page would: who comes later finds it done. */
  get turn() {
    return this.isWriter ? 0 : ARRIVES * (1 + (this.notebook?.rank ?? 0));
  }

  /**
   * Say whose the panel is, and keep everybody else from its controls.
   * @param {HTMLElement | null} panel
   */
  show(panel) {
    const frame = panel && find(panel, ":scope > .rnb-frame");
    if (!panel || !frame) return;
    const { isOther } = this;
    if (frame.inert !== isOther) frame.inert = isOther;
    const text = isOther
      ? `${this.name} has opened this panel and alone can send from it: %runway panel opens your own.`
      : "";
    const line = find(panel, ":scope > .rnb-owner");
    if ((line?.textContent ?? "") === text) return;
    line?.remove();
    if (text) frame.before(make("div", { className: "rnb-owner", role: "status", textContent: text }));
  }
}
