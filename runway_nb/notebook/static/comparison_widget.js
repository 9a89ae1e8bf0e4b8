// @ts-check
// The live comparison as anywidget starts it: its view, its time, the line to the kernel and the notebook around.

import { Films } from "./comparison_films.js";
import { keyAct } from "./comparison_keys.js";
import { DIVIDER_STEP } from "./comparison_layout.js";
import { ComparisonPlayer } from "./comparison_player.js";
import { ComparisonView } from "./comparison_view.js";
import { make } from "./dom.js";
import { keepTexts, Notebook } from "./host.js";

/** @import { KeyAct } from "./comparison_keys.js" */
/** @import { Texts } from "./comparison_parts.js" */
/** @import { WidgetModel } from "./kernel.js" */

const OWN_KEYS = "select, input[type=range], input[type=radio]";

/** One view of compared clips. */
class LiveComparison {
  /**
   * @param {WidgetModel} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.gone = new AbortController();
    const { signal } = this.gone;
    /** @type {Texts} */
    const texts = {
      title: model.get("title"),
      badge: model.get("badge"),
      difference: model.get("difference"),
      prompts: model.get("prompts"),
      clips: model.get("clips"),
    };
    this.player = new ComparisonPlayer(() => this.paint(), signal);
    this.view = new ComparisonView(
      texts,
      text => this.announce(text),
      () => this.paint(),
    );
    this.films = new Films(texts.clips.length, () => this.use());
    const { head, views, stage, dividerLine, note, amount, words, keys, status } = this.view.parts;
    el.classList.add("rnb-root", "rnb-cmp");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", texts.title);
    this.problem = make("div", { className: "rnb-cmp-problem", hidden: true });
    el.append(head, views, this.problem, stage, dividerLine, this.player.parts.bar, note, amount, words, keys, status);
    this.listen();
    this.showDetails(false);
    model.send({ kind: "greet", held: this.films.held });
  }

  listen() {
    const { model, el, view, player } = this;
    const { signal } = this.gone;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:stars", () => this.showStars());
    for (const [clip, { star }] of view.parts.places.entries()) star.onclick = () => this.star(clip);
    this.showStars();
    const { details } = view.parts;
    details.onclick = () => this.showDetails(details.getAttribute("aria-expanded") !== "true");
    el.addEventListener("keydown", event => this.press(event), { signal });
    el.addEventListener("keyup", event => event.key === " " && view.swap(false), { signal });
    view.parts.stage.addEventListener("blur", () => view.swap(false), { signal });
    const size = new ResizeObserver(() => requestAnimationFrame(() => signal.aborted || view.layOut()));
    size.observe(el);
    addEventListener("resize", () => view.layOut(), { signal });
    signal.addEventListener("abort", () => size.disconnect());
    const notebook = Notebook.around(model);
    notebook?.whenSaved(() => notebook.keep(model.get("texts")), signal);
    notebook?.whenKernelEnds(() => notebook.putTexts(model.get("texts")), signal);
    this.notebook = notebook;
    player.seek(0);
  }

  // --- the kernel ---------------------------------------------------------------------------------

  /** @type {(message: any, buffers: DataView[]) => void} */
  hear(message, buffers) {
    if (message.kind === "strip")
      this.films.take(message, buffers?.[0]).catch(() => this.fail("The frames of a clip cannot be shown here."));
    else if (message.kind === "put") this.notebook?.putLost(message.display_id, message.data);
    else if (message.kind === "no_strips") this.fail(message.text);
    else if (message.kind === "problem") this.showProblem(message.text);
  }

  /** @param {string} text Why a star is not kept. */
  showProblem(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
    this.announce(text);
    this.showStars();
  }

  /** @param {string} text Why the pictures do not come: the durable table is there again. */
  fail(text) {
    this.showProblem(text);
    this.view.parts.waiting.hidden = true;
    this.showDetails(true);
  }

  /** @param {boolean} on Else comparison.css hides the durable table behind, for as long as this stands in the page. */
  showDetails(on) {
    this.el.classList.toggle("is-live", !on);
    this.view.parts.details.setAttribute("aria-expanded", String(on));
  }

  use() {
    const films = this.films.all;
    if (!films.length) return;
    this.view.use(films);
    this.player.use(films);
  }

  paint() {
    // the view is made after the player, which moves once before
    this.view?.paint(this.player.t, this.player.end, this.player.playing);
  }

  // --- what is done here --------------------------------------------------------------------------

  /** @param {string} text */
  announce(text) {
    this.view.parts.status.textContent = text;
  }

  /** @param {number} clip */
  star(clip) {
    const stars = [...this.model.get("stars")];
    const isOn = !stars[clip];
    this.model.send({ kind: "star", clip, on: isOn });
    const { letter, name } = this.view.clips[clip];
    this.announce(`${letter} ${name} ${isOn ? "starred" : "is no longer starred"}`);
    this.showStar(clip, isOn);
  }

  showStars() {
    for (const [clip, isOn] of this.model.get("stars").entries()) this.showStar(clip, isOn);
  }

  /** @type {(clip: number, isOn: boolean) => void} */
  showStar(clip, isOn) {
    const { star } = this.view.parts.places[clip];
    star.setAttribute("aria-pressed", String(isOn));
    star.title = isOn ? "Starred" : "Star";
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const { view } = this;
    const { stage } = view.parts;
    if (target.matches("select") || (target.matches(OWN_KEYS) && /^(Arrow|Home|End|Page| )/.test(event.key))) return;
    const state = { mode: view.mode, count: view.clips.length, onStage: target === stage, divider: DIVIDER_STEP };
    const act = keyAct(event.key, state);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat || act.act === "step" || act.act === "divide") this.act(act);
  }

  /** @param {KeyAct} key */
  act(key) {
    const { view, player } = this;
    if (key.act === "play") player.play(!player.playing);
    else if (key.act === "step") player.step(key.by);
    else if (key.act === "seek") player.seek(key.to === "start" ? 0 : player.end);
    else if (key.act === "divide") view.divide(view.divider + key.by);
    else if (key.act === "show") view.showClip(key.clip);
    else if (key.act === "swap") view.swap(true);
    else view.choose(key.mode);
  }

  leave() {
    this.gone.abort();
    this.films.close();
    // after its output is gone, what stands for it need not be kept
    setTimeout(() => this.notebook?.keep({}));
  }
}

/** @param {{ model: WidgetModel, el: HTMLElement }} view */
function render({ model, el }) {
  const shown = new LiveComparison(model, el);
  return () => shown.leave();
}

export default { initialize: keepTexts, render };
