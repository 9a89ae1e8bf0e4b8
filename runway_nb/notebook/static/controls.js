// @ts-check
// What plain ipywidgets cannot do: names, keys and gestures of the controls around the preview, found by class.
import {
  offerCode,
  wireAct,
  wireAgree,
  wireCopy,
  wireInsert,
  wirePress,
  wireSweep,
  wireSweepCopy,
  wireSweepInsert,
} from "./buttons.js";
import { find, findAll, once, radioName, setAttribute, targetOf } from "./dom.js";
import { FACTS, MOVES } from "./facts.js";
import { direction, rounded, signed, typedNumber, withinLimit } from "./move_text.js";
import { panelOf, previewOf } from "./panel_scope.js";
import { wireDrop, wireUpload } from "./uploads.js";

/** @import { Preview } from "./widget.js" */

/**
 * The slider's own object, as noUiSlider puts it on the node.
 * @typedef {{ on: (event: string, act: (texts: string[], handle: number, values: number[]) => void) => void }} Slider
 */

const { limit: LIMIT } = FACTS.camera;
/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 0.5, ArrowUp: 0.5, ArrowLeft: -0.5, ArrowDown: -0.5, PageUp: 2, PageDown: -2 };
/** @type {Record<string, number>} */
const JUMPS = { Home: -LIMIT, End: LIMIT, 0: 0, Delete: 0 };
const CONTROLS = "button, input, select, textarea, [contenteditable], [role=slider]";

/**
 * Wire what is new in the panel; cheap when nothing is.
 * @param {HTMLElement} panel
 * @param {Preview} preview
 */
export function enhance(panel, preview) {
  guardShortcuts(panel);
  for (const group of findAll(panel, ".widget-radio")) nameRadios(group);
  for (const button of findAll(panel, ".rnb-dice, .widget-upload, [class*=rnb-act-clear-]")) nameButton(button);
  for (const header of findAll(panel, ".jupyter-widget-Collapse-header")) once(header, openByKey);
  for (const move of MOVES) enhanceMove(panel, preview, move);
  once(find(panel, ".rnb-copy"), wireCopy);
  for (const button of findAll(panel, ".rnb-copy")) offerCode(button);
  once(find(panel, ".rnb-insert"), wireInsert);
  once(find(panel, ".rnb-primary"), wirePress);
  once(find(panel, ".rnb-vary-send"), wireSweep);
  once(find(panel, ".rnb-vary-agree"), wireAgree);
  once(find(panel, ".rnb-vary-copy"), wireSweepCopy);
  once(find(panel, ".rnb-vary-insert"), wireSweepInsert);
  for (const upload of findAll(panel, ".widget-upload")) once(upload, wireUpload);
  for (const node of findAll(panel, "[class*=rnb-act-]")) once(node, wireAct);
  for (const keyframe of findAll(panel, ".rnb-keyframe-drop")) once(keyframe, wireDrop);
}

/**
 * Keep keys from the notebook: it takes arrows and letters for itself unless the focused element, not an ancestor, says
 * otherwise.
 * @param {HTMLElement} root
 */
export function guardShortcuts(root) {
  for (const control of findAll(root, CONTROLS)) setAttribute(control, "data-lm-suppress-shortcuts", "true");
}

/**
 * Name a group of radio buttons: without a common name they are one tab stop each, and arrow keys do not choose.
 * @param {HTMLElement} group
 */
function nameRadios(group) {
  setAttribute(group, "role", "radiogroup");
  setAttribute(group, "aria-label", find(group, ".widget-label")?.textContent ?? "");
  const radios = /** @type {HTMLInputElement[]} */ (findAll(group, "input[type=radio]"));
  const name = radios.find(radio => radio.name)?.name ?? radioName();
  for (const radio of radios) if (radio.name !== name) radio.name = name;
}

/**
 * Name a button: what is drawn on it is no name, or that of another button, too.
 * @param {HTMLElement} button
 */
function nameButton(button) {
  setAttribute(button, "aria-label", button.title);
}

/**
 * Wire the head of an accordion: it hears the mouse alone, and says nothing of what it opens.
 * @param {HTMLElement} header
 */
function openByKey(header) {
  const report = () => {
    const isOpen = header.parentElement?.classList.contains("jupyter-widget-Collapse-open");
    header.setAttribute("aria-expanded", String(isOpen));
  };
  setAttribute(header, "role", "button");
  setAttribute(header, "tabindex", "0");
  setAttribute(header, "data-lm-suppress-shortcuts", "true");
  header.addEventListener("click", () => requestAnimationFrame(report));
  header.addEventListener("keydown", event => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    header.click();
  });
  report();
}

// --- sliders --------------------------------------------------------------------------------------

/** @type {(panel: HTMLElement, move: string) => HTMLElement | null} */
const rowOf = (panel, move) => find(panel, `.rnb-axis-${move}`);

/** @type {(panel: HTMLElement, preview: Preview, move: string) => void} */
function enhanceMove(panel, preview, move) {
  const row = rowOf(panel, move);
  if (!row) return;
  once(row, () => wireRow(row, move));
  const target = /** @type {{ noUiSlider?: Slider } | null} */ (find(row, ".noUi-target"));
  once(target?.noUiSlider, slider => wireSlider(slider, row, move));
  const readout = find(row, ".widget-readout");
  setAttribute(readout, "role", "textbox");
  setAttribute(readout, "aria-label", `${move}, typed value, \u2212${LIMIT} to ${LIMIT}`);
  setAttribute(find(row, ".noUi-handle"), "aria-label", move);
  showMove(row, move, preview.values.value(move));
}

/** @type {(row: HTMLElement, move: string, value: number) => void} */
function showMove(row, move, value) {
  const text = direction(move, value);
  row.dataset.word = text.split("-")[0]; // there is room for one word
  row.style.setProperty("--rnb-at", `${50 + (50 * rounded(value)) / LIMIT}%`);
  setAttribute(find(row, ".noUi-handle"), "aria-valuetext", `${signed(value)} ${text}`.trim());
}

/**
 * Show the values of the moves, and nothing else: this is called while the picture moves.
 * @param {HTMLElement} panel
 * @param {Preview} preview
 */
export function showMoves(panel, preview) {
  for (const move of MOVES) {
    const row = rowOf(panel, move);
    if (row) showMove(row, move, preview.values.value(move));
  }
}

/**
 * Move the picture while a slider is dragged: its control reports to its model, and thereby to the kernel, at the end.
 * @type {(slider: Slider, row: HTMLElement, move: string) => void}
 */
function wireSlider(slider, row, move) {
  slider.on("slide.rnb", (_texts, _handle, values) => {
    // the sentence in words is the kernel's, and comes when the slider is let go
    panelOf(row)?.classList.add("rnb-held");
    previewOf(row)?.values.hold(move, rounded(values[0]));
  });
  slider.on("change.rnb", () => {
    panelOf(row)?.classList.remove("rnb-held");
    previewOf(row)?.values.letGo(move);
  });
  // the slider writes a bare number over the words with each of its updates
  slider.on("update.rnb", () => {
    const preview = previewOf(row);
    if (preview) showMove(row, move, preview.values.value(move));
  });
}

/** @param {HTMLElement} row */
function isLocked(row) {
  return find(row, ".noUi-target")?.hasAttribute("disabled") ?? false;
}

/** @type {(row: HTMLElement, move: string) => void} */
function wireRow(row, move) {
  row.addEventListener("dblclick", event => {
    if (!isLocked(row) && !targetOf(event).closest(".widget-readout")) previewOf(row)?.values.commit(move, 0);
  });
  // before the slider's own keys: it has other steps
  row.addEventListener("keydown", event => onKey(event, row, move), true);
  for (const end of ["keyup", "focusout"]) row.addEventListener(end, () => previewOf(row)?.values.save(move));
  // a typed value is read when the field is left
  row.addEventListener("blur", event => spell(targetOf(event)), true);
  row.addEventListener("keydown", event => event.key === "Enter" && spell(targetOf(event)), true);
}

/** @param {HTMLElement} field */
function spell(field) {
  if (!field.closest(".widget-readout")) return;
  const text = typedNumber(field.textContent);
  if (text !== field.textContent) field.textContent = text;
}

/** @type {(event: KeyboardEvent, row: HTMLElement, move: string) => void} */
function onKey(event, row, move) {
  const values = previewOf(row)?.values;
  const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
  if (!values || isShortcut || isLocked(row) || !targetOf(event).closest(".noUi-handle")) return;
  const step = STEPS[event.key];
  const value = step === undefined ? JUMPS[event.key] : values.value(move) + step;
  if (value === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  values.put(move, withinLimit(value));
}
