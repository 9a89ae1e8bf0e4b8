// @ts-check
// The elements of a live comparison: made once, and changed by those who show something in them.
import { MODES } from "./comparison_keys.js";
import { make, radioName, vector } from "./dom.js";

/**
 * A clip as the kernel names it.
 * @typedef {{ letter: string, name: string, label: string, canStar: boolean }} ClipText
 */

/**
 * What is said of all of them, as the kernel names it.
 * @typedef {object} Texts
 * @property {string} title
 * @property {string} badge That play money was spent, or nothing.
 * @property {string[]} difference In words, line by line.
 * @property {[string, boolean][][]} prompts Each in pieces, with whether a piece is changed; nothing where all are equal.
 * @property {ClipText[]} clips
 */

const STAR = "M8 1.6l2 4.1 4.5.6-3.3 3.1.8 4.5L8 11.8l-4 2.1.8-4.5L1.5 6.3 6 5.7z";
/** How much brighter a difference may be shown, by how often it is doubled. */
const AMPLIFIED = [0, 2, 4];

/**
 * Return a control: JupyterLab leaves its keys alone.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const control = (tag, properties = {}, ...children) =>
  make(tag, { ...properties, "data-lm-suppress-shortcuts": "true" }, ...children);

/**
 * Return a row of which one is chosen, as real radio buttons.
 * @type {(name: string, choices: [string, string][]) => { group: HTMLElement, radios: HTMLInputElement[] }}
 */
function segments(name, choices) {
  const common = radioName();
  const radios = choices.map(([value]) => control("input", { type: "radio", name: common, value }));
  const labels = choices.map(([, title], index) => make("label", {}, radios[index], make("span", {}, title)));
  const group = make("div", { className: "rnb-cmp-segments", role: "radiogroup", "aria-label": name }, ...labels);
  return { group, radios };
}

/** @type {(text: string, clips: ClipText[]) => { label: HTMLElement, select: HTMLSelectElement }} */
function clipChoice(text, clips) {
  const options = clips.map(({ letter, name }, number) =>
    make("option", { value: String(number), textContent: `${letter} ${name}` }),
  );
  const select = control("select", { "aria-label": `${text} clip` }, ...options);
  return { label: make("label", { className: "rnb-cmp-check" }, text, select), select };
}

/**
 * Return the place of one clip: its caption, with what distinguishes it, and its picture.
 * @param {ClipText} clip
 */
function clipPlace({ letter, name, label, canStar }) {
  const path = vector("path", { d: STAR, stroke: "currentColor", "stroke-width": 1.2, "stroke-linejoin": "round" });
  const icon = vector("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, path);
  const names = { "aria-label": `Star ${letter} ${name}`, title: "Star" };
  const star = control("button", { type: "button", className: "rnb-cmp-icon rnb-cmp-star", ...names }, icon);
  star.hidden = !canStar;
  const held = make("span", { className: "rnb-cmp-held" });
  const text = make("span", { className: "rnb-cmp-label" }, make("strong", {}, letter), ` ${label} `, held);
  const canvas = make("canvas", { role: "img", "aria-label": `${letter} ${label}` });
  const caption = make("figcaption", { className: "rnb-cmp-caption" }, text, star);
  return { place: make("figure", { className: "rnb-cmp-clip" }, caption, canvas), star, held, canvas };
}

/**
 * Return the prompts beside each other, with the words that have changed marked.
 * @type {(prompts: [string, boolean][][], clips: ClipText[]) => HTMLElement}
 */
function promptTexts(prompts, clips) {
  const columns = prompts.map((pieces, number) => {
    const words = pieces.map(([text, isChanged]) => (isChanged ? make(number ? "ins" : "del", {}, text) : text));
    return make("div", {}, make("strong", {}, clips[number].letter), " ", ...words);
  });
  return make("div", { className: "rnb-cmp-prompts", hidden: !prompts.length }, ...columns);
}

/**
 * Return all elements of a comparison but for its transport.
 * @param {Texts} texts
 */
export function comparisonParts({ title, badge, difference, prompts, clips }) {
  const modes = segments(
    "View",
    MODES.map(({ mode, title: text }) => [mode, text]),
  );
  const shown = segments(
    "Shown clip",
    clips.map(({ letter }, number) => [String(number), letter]),
  );
  const [left, right] = [clipChoice("Left", clips), clipChoice("Right", clips)];
  const places = clips.map(clipPlace);
  const canvas = make("canvas", { role: "img" });
  const chips = [make("span", { className: "rnb-cmp-chip" }), make("span", { className: "rnb-cmp-chip is-right" })];
  const overlay = make("div", { className: "rnb-cmp-overlay" }, canvas, ...chips);
  const all = make("div", { className: "rnb-cmp-clips" }, ...places.map(({ place }) => place));
  const waiting = make("div", { className: "rnb-cmp-wait" }, "The clips are being cut into frames\u2026");
  const stage = control("div", { className: "rnb-cmp-stage", tabIndex: 0, role: "group" }, all, overlay, waiting);
  stage.setAttribute("aria-label", "Compared clips");
  const divider = control("input", { type: "range", className: "rnb-cmp-range", min: "0", max: "100", value: "50" });
  const dividerLine = make("label", { className: "rnb-cmp-line" }, "Divider", divider);
  const powers = AMPLIFIED.map(value => make("option", { value: String(value), textContent: `${2 ** value}\u00d7` }));
  const amplify = control("select", { "aria-label": "Amplified" }, ...powers);
  amplify.value = "2";
  const amplifyLine = make("label", { className: "rnb-cmp-check" }, "Amplified", amplify);
  const views = make(
    "div",
    { className: "rnb-cmp-views" },
    modes.group,
    shown.group,
    left.label,
    right.label,
    amplifyLine,
  );
  const head = make("div", { className: "rnb-cmp-head" }, make("strong", {}, title), " ");
  if (badge) head.append(make("span", { className: "rnb-badge" }, badge));
  for (const line of difference) head.append(make("div", { className: "rnb-cmp-quiet" }, line));
  const details = control(
    "button",
    { type: "button", className: "rnb-cmp-button", "aria-expanded": "false" },
    "Details",
  );
  details.title = "Players, settings, files";
  views.append(details);
  const words = promptTexts(prompts, clips);
  const note = make("div", { className: "rnb-cmp-note" });
  const amount = make("div", { className: "rnb-cmp-note", hidden: true });
  const keys = make("div", { className: "rnb-cmp-quiet" });
  const status = make("div", { className: "rnb-sr", role: "status" });
  return {
    head,
    views,
    stage,
    all,
    overlay,
    canvas,
    chips,
    waiting,
    places,
    modes,
    shown,
    left,
    right,
    divider,
    dividerLine,
    amplify,
    amplifyLine,
    details,
    words,
    note,
    amount,
    keys,
    status,
  };
}
