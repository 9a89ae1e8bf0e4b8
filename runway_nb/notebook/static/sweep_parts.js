// @ts-check
// The controls around a grid of shots: title and status, transport, what is shown and in which order, and the buttons.
import { make, vector } from "./dom.js";
import { GUARD } from "./sweep_cell.js";
import { pagesOf } from "./sweep_layout.js";
/** @import { SweepPlan } from "./sweep_layout.js" */

export const SWEEP_ICONS = { play: "M4 2.5v11l9.5-5.5z", pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z" };
const HINT = "Arrows move \u00b7 S stars \u00b7 X rejects \u00b7 Enter opens \u00b7 Space plays all";
const SORTS = { grid: "In order", ready: "Finished first", newest: "Newest first", stars: "Starred first" };
const STOP_TITLE = "Shots that are not sent yet are dropped; running ones go on.";
const COPY_TITLE = "One %%runway cell for each starred shot.";
const DONE_TITLE = "Leave only the table, which stays in the notebook. Showing the sweep again brings this back.";

/** @type {(text: string, title?: string) => HTMLButtonElement} */
export const pushButton = (text, title = "") =>
  make("button", { type: "button", className: "jupyter-button", textContent: text, title, ...GUARD });

/** @type {(name: string, options: [string, string][]) => [HTMLLabelElement, HTMLSelectElement]} */
function menu(name, options) {
  const items = options.map(([value, text]) => make("option", { value, textContent: text }));
  const select = make("select", { ...GUARD }, ...items);
  return [make("label", { className: "rnb-choice" }, name, select), select];
}

/**
 * Return all parts of a grid's view, not yet put together with its cells.
 * @param {SweepPlan} plan
 */
export function sweepParts(plan) {
  const glyph = vector("path", { fill: "currentColor" });
  const icon = vector("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, glyph);
  const play = make("button", { className: "rnb-play", type: "button", ...GUARD }, icon);
  const scrub = make("input", { type: "range", className: "rnb-scrub", min: "0", max: "1000", step: "1", ...GUARD });
  scrub.setAttribute("aria-label", "Time in all shots");
  const clock = make("span", { className: "rnb-clock" });
  const status = make("span", { className: "rnb-status rnb-detail rnb-num" });
  const cost = make("span", { className: "rnb-cost rnb-num" });
  const badge = plan.simulated ? [make("span", { className: "rnb-badge", textContent: "Simulator" })] : [];
  const title = make("span", { className: "rnb-word", textContent: plan.title, title: plan.prompt });
  const names = Object.entries(SORTS);
  const [sortLabel, sort] = menu("Sort", plan.isGrid ? [["grid", "As a grid"], ...names.slice(1)] : names);
  const filter = make("input", { type: "search", placeholder: "Filter", className: "rnb-filter", ...GUARD });
  filter.setAttribute("aria-label", "Filter: words of a shot's label or state");
  const hide = make("input", { type: "checkbox", ...GUARD });
  const pages = pagesOf(plan).map(({ name, labels }) =>
    menu(
      name,
      labels.map(([at, label]) => [String(at), label]),
    ),
  );
  const [stop, copy, done] = [
    pushButton("Stop sending", STOP_TITLE),
    pushButton("Copy starred as cells", COPY_TITLE),
    pushButton("Done", DONE_TITLE),
  ];
  return {
    ...{ glyph, play, scrub, clock, status, cost, sort, filter, hide, stop, copy, done },
    pages: pages.map(([, select]) => select),
    summary: make("div", { className: "rnb-summary" }, title, status, ...badge, cost),
    transport: make("div", { className: "rnb-transport" }, play, scrub, clock),
    choices: make(
      "div",
      { className: "rnb-choices" },
      ...pages.map(([label]) => label),
      sortLabel,
      filter,
      make("label", { className: "rnb-check" }, hide, "Hide rejected"),
    ),
    grid: make("div", { className: "rnb-grid", role: "grid" }),
    none: make("div", { className: "rnb-nothing rnb-detail", textContent: "No shot is like that.", hidden: true }),
    hint: make("div", { className: "rnb-hint rnb-meta", textContent: HINT }),
    buttons: make("div", { className: "rnb-actions" }, stop, copy, done),
    note: make("div", { className: "rnb-note rnb-detail", hidden: true }),
    opened: make("div", { className: "rnb-opened-head", role: "group", hidden: true }),
    say: make("div", { className: "rnb-sr", role: "status" }),
  };
}

/**
 * Return the line above the result that is opened: what it is, and what can be done with it.
 * @type {(label: string, isDone: boolean) => { nodes: HTMLElement[], act: Record<string, HTMLButtonElement> }}
 */
export function openedParts(label, isDone) {
  const act = {
    panel: pushButton("Open in panel", "Fill the panel with the settings of this shot; nothing is sent."),
    continue: pushButton("Continue with the last frame", "A new shot in the panel that begins where this one ends."),
    copy: pushButton("Copy as cell", "The %%runway cell that makes this shot."),
    close: pushButton("Close", ""),
  };
  act.continue.disabled = !isDone;
  return {
    nodes: [make("span", { className: "rnb-word rnb-opened-label", textContent: label }), ...Object.values(act)],
    act,
  };
}
