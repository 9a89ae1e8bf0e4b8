// @ts-check
// The widget as anywidget starts it: the player, the line to the kernel, the controls around and the notebook.
import { CameraValues } from "./camera_values.js";
import { enhance, guardShortcuts, showMoves } from "./controls.js";
import { find, make } from "./dom.js";
import { FACTS } from "./facts.js";
import { keepTexts, Notebook } from "./host.js";
import { Kernel, modelsOf } from "./kernel.js";
import { OpenButtons } from "./open_buttons.js";
import { Owner } from "./owner.js";
import { panelOf, register, unregister } from "./panel_scope.js";
import { Player } from "./player.js";
/** @import { WidgetModel } from "./kernel.js" */

/** One view of the camera preview. */
export class Preview {
  /**
   * @param {WidgetModel} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.gone = new AbortController();
    this.following = 0;
    this.waiting = 0;
    /** @type {HTMLElement | null} */
    this.panel = null;
    /** @type {OpenButtons | null} */
    this.openButtons = null;
    this.notebook = Notebook.around(model);
    this.owner = new Owner(this.notebook);
    this.kernel = new Kernel(model);
    this.values = new CameraValues(model, { moved: () => this.player.moved(), changed: () => this.player.draw() });
    this.player = new Player(model, this.values, el, this.gone.signal, () => this.panel && showMoves(this.panel, this));
    this.status = make("div", { className: "rnb-sr", role: "status" });
    el.classList.add("rnb-preview");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", "Camera preview");
    el.append(this.player.parts.stage, this.player.parts.transport, this.status);
    guardShortcuts(el);
    this.listen();
    this.player.play(false);
    this.follow();
    this.player.load();
    this.kernel.greet(Boolean(this.notebook), this.notebook?.person);
  }

  /** @param {string} text */
  announce(text) {
    this.status.textContent = text;
  }

  // --- events -------------------------------------------------------------------------------------

  listen() {
    const { model, player } = this;
    for (const name of ["static", "seconds", "crop_note"]) model.on(`change:${name}`, () => player.draw());
    for (const name of [...FACTS.positions, "times"]) model.on(`change:${name}`, () => player.load());
    model.on("change:frame", () => player.layOut());
    for (const name of ["controls", "fields"]) model.on(`change:${name}`, () => this.follow());
    model.on("change:announcement", () => this.announce(model.get("announcement")));
    model.on("msg:custom", message => this.hear(message));
    player.listen();
    this.watch();
  }

  watch() {
    const { signal } = this.gone;
    // a page that is magnified shows more pixels to the inch at the same width
    addEventListener("resize", () => this.fit(), { signal });
    const size = new ResizeObserver(() => requestAnimationFrame(() => this.fit()));
    size.observe(this.el);
    this.late = new MutationObserver(records => {
      if (records.some(record => !this.el.contains(record.target))) this.enhanceSoon();
    });
    signal.addEventListener("abort", () => {
      size.disconnect();
      this.late?.disconnect();
    });
    this.notebook?.whenSaved(() => this.notebook?.keep(this.model.get("texts")), signal);
    this.notebook?.whenKernelEnds(() => this.leaveTexts(), signal);
  }

  /** @param {any} message */
  hear(message) {
    if (message.kind === "put") this.put(message.display_id, message.data);
    else if (message.kind === "reveal") this.answerReveal();
    else if (message.kind === "owner") this.learnOwner(message);
    else this.kernel.hear(message);
  }

  /** @type {(displayId: string, data: Record<string, unknown>) => void} */
  put(displayId, data) {
    if (this.owner.isWriter) this.notebook?.put(displayId, data, this.owner.patience);
  }

  /** Put the texts in the panel's place after the kernel has ended; at once where no other page does. */
  leaveTexts() {
    const act = () => this.notebook?.putTexts(this.model.get("texts"));
    if (this.owner.turn) setTimeout(act, this.owner.turn);
    else act();
  }

  /** @param {any} message */
  learnOwner(message) {
    this.owner.hear(message);
    this.adopt();
    this.owner.show(this.panel);
  }

  /** The same again when room or sharpness have changed. */
  fit() {
    if (this.gone.signal.aborted) return;
    this.adopt();
    this.player.fit();
    this.enhanceSoon();
  }

  // --- the panel around ---------------------------------------------------------------------------

  /** The panel around the preview, known once both are in the page. */
  adopt() {
    const panel = panelOf(this.el);
    if (panel === this.panel) return;
    this.late?.disconnect();
    this.panel = panel;
    if (!panel) return;
    this.late?.observe(panel, { childList: true, subtree: true });
    panel.classList.toggle("rnb-in-notebook", Boolean(this.notebook));
    /** @type {HTMLElement | null} */
    const scope = this.notebook ? panel.closest(".jp-Notebook") : document.body;
    if (scope) this.openButtons ??= new OpenButtons(panel, scope, name => this.open(name), this.gone.signal);
  }

  enhanceSoon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (!this.panel) return;
      register(this.panel, this);
      enhance(this.panel, this);
      this.owner.show(this.panel);
    });
  }

  /** Follow the controls of the panel, which may have been made anew. */
  async follow() {
    this.values.unfollow();
    const turn = ++this.following;
    const controls = await modelsOf(this.model, "controls");
    const fields = await modelsOf(this.model, "fields");
    if (this.gone.signal.aborted || turn !== this.following) return;
    this.kernel.fields = fields;
    this.values.follow(controls);
    this.player.draw();
  }

  /** @param {string} name Of a job whose settings the panel gets. */
  open(name) {
    if (this.owner.isOther) this.panel?.scrollIntoView({ block: "nearest" });
    else {
      this.kernel.act("open", { name });
      this.reveal();
    }
  }

  /** Bring the panel into view, with the prompt ready to be written. */
  reveal() {
    this.panel?.scrollIntoView({ block: "nearest" });
    if (this.panel) find(this.panel, ".rnb-text textarea")?.focus({ preventScroll: true });
  }

  /** The kernel asks whether any page shows the panel before it makes another one. */
  answerReveal() {
    this.adopt();
    if (!this.panel?.isConnected || this.owner.isOther) return;
    this.reveal();
    this.model.send({ kind: "revealed" });
  }

  // --- the end ------------------------------------------------------------------------------------

  leave() {
    this.gone.abort();
    cancelAnimationFrame(this.waiting);
    if (this.panel) unregister(this.panel, this);
    this.values.unfollow();
    this.kernel.leave();
    // after its output is gone, its text need not be kept
    setTimeout(() => this.notebook?.keep({}));
  }
}

/** @param {{ model: WidgetModel, el: HTMLElement }} view */
function render({ model, el }) {
  const preview = new Preview(model, el);
  return () => preview.leave();
}

export default { initialize: keepTexts, render };
