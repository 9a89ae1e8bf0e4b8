// @ts-check
// Buttons of the panel whose work waits for the kernel: Generate, presets, Copy as cell or code, Insert as cell.
import { find, make, targetOf } from "./dom.js";
import { FACTS } from "./facts.js";
import { previewOf } from "./panel_scope.js";

/** @import { Preview } from "./widget.js" */

/** @typedef {(preview: Preview) => Promise<string>} Act Returns what the button says. */

const NO_CELL = "No cell";
const NO_CODE = "No code";
const BUTTON = "jupyter-button";
/** Milliseconds after which a button says that it waits. */
const LATE = 500;
/** Milliseconds for which a button says what it did. */
const SHOWN = 1500;

/** @param {HTMLElement} button */
export const wirePress = button => wireSend(button, preview => preview.kernel.press());
/** @param {HTMLElement} button */
export const wireSweep = button => wireSend(button, preview => preview.kernel.pressSweep(false));
/** @param {HTMLElement} button */
export const wireAgree = button => wireSend(button, preview => preview.kernel.pressSweep(true));

/** @type {(button: HTMLElement, send: (preview: Preview) => Promise<void>) => void} */
function wireSend(button, send) {
  let isPressing = false;
  button.addEventListener("click", async () => {
    const preview = previewOf(button);
    if (isDisabled(button) || isPressing || !preview) return;
    isPressing = true;
    const done = reportLate(button, preview);
    try {
      await send(preview);
    } finally {
      done();
      isPressing = false;
      delete button.dataset.note;
    }
  });
}

/** @type {(button: HTMLElement) => boolean} */
const isDisabled = button => /** @type {HTMLButtonElement} */ (button).disabled;

/**
 * Have the button say so when what it does has to wait for the kernel; the result ends that.
 * @type {(button: HTMLElement, preview: Preview) => () => void}
 */
function reportLate(button, preview) {
  const late = setTimeout(() => {
    button.dataset.note = "Waiting";
    preview.announce("The kernel is busy: this waits for it.");
  }, LATE);
  return () => clearTimeout(late);
}

/**
 * Wire what changes controls and only the kernel can do: it goes over one line with Generate, so that the order is that
 * of the clicks; the button's own message would wait elsewhere when the kernel is busy.
 * @param {HTMLElement} node
 */
export function wireAct(node) {
  const name = /rnb-act-([\w-]+)/.exec(node.className)?.[1];
  /** @param {Event} event */
  const act = event => {
    const button = targetOf(event).closest("button");
    const preview = previewOf(node);
    if (!button || button.disabled || !preview) return;
    event.stopImmediatePropagation();
    preview.kernel.act("act", { name, value: button.textContent.trim() });
  };
  node.addEventListener("click", act, true);
}

/**
 * Wire the button that copies. A browser gives the clipboard only to the user's own gesture, so the kernel cannot do
 * this. It is given the promise of a text: the kernel may be busy. A request that makes no cell gives none; the kernel
 * says why.
 * @param {HTMLElement} button
 */
export function wireCopy(button) {
  whenClicked(button, preview => copy(button, preview, preview.kernel.askCell(), "Cell text", NO_CELL));
}

/** @param {HTMLElement} button */
export function wireSweepCopy(button) {
  whenClicked(button, preview => copy(button, preview, preview.kernel.askSweepCell(), "Cell text", NO_CELL));
}

/**
 * Put the languages, in which a request can be copied as code, behind the button that copies the cell.
 * @param {HTMLElement} button
 */
export function offerCode(button) {
  if (button.nextElementSibling?.classList.contains("rnb-as-open")) return;
  const choices = FACTS.languages.map(([language, title]) => {
    const hint = `Copy the request as ${title}, with the token as $USEAPI_TOKEN`;
    const choice = make("button", { type: "button", className: BUTTON, textContent: title, title: hint });
    whenClicked(choice, preview => copy(choice, preview, preview.kernel.askCode(language), `${title} code`, NO_CODE));
    return choice;
  });
  const group = make(
    "span",
    { className: "rnb-as", role: "group", "aria-label": "Copy as code", hidden: true },
    ...choices,
  );
  const opener = make("button", { type: "button", className: `${BUTTON} rnb-as-open`, textContent: "Copy as\u2026" });
  opener.setAttribute("aria-expanded", "false");
  opener.onclick = () => {
    group.hidden = !group.hidden;
    opener.setAttribute("aria-expanded", String(!group.hidden));
  };
  button.after(opener);
  actionsOf(button).append(group);
}

/**
 * Copy a text that is still to come; return what the button says.
 * @type {(button: HTMLElement, preview: Preview, asked: Promise<string>, name: string, none: string) => Promise<string>}
 */
async function copy(button, preview, asked, name, none) {
  try {
    const blob = asked.then(text => (text ? new Blob([text], { type: "text/plain" }) : Promise.reject(none)));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    preview.announce(`${name} copied.`);
    return "Copied";
  } catch {
    const text = await asked;
    if (!text) return none;
    offerText(button, text, name);
    preview.announce(`The clipboard is out of reach: the ${name.toLowerCase()} is selected, copy it from there.`);
    return "";
  }
}

/** @param {HTMLElement} button */
export const wireInsert = button => whenClicked(button, preview => insert(button, preview, preview.kernel.askCell()));
/** @param {HTMLElement} button */
export const wireSweepInsert = button =>
  whenClicked(button, preview => insert(button, preview, preview.kernel.askSweepCell()));

/**
 * Insert a cell that is still to come below the panel's; return what the button says.
 * @type {(button: HTMLElement, preview: Preview, asked: Promise<string>) => Promise<string>}
 */
async function insert(button, preview, asked) {
  const text = await asked;
  if (!text) return NO_CELL;
  const isDone = preview.notebook?.insertBelow(button, text);
  preview.announce(isDone ? "Cell inserted below." : "This view stands in no notebook: insert the cell from there.");
  return isDone ? "Inserted" : "Not here";
}

/**
 * Do something with the request that is shown, once at a time.
 * @type {(button: HTMLElement, act: Act) => void}
 */
function whenClicked(button, act) {
  let isActing = false;
  button.addEventListener("click", async () => {
    const preview = previewOf(button);
    if (!preview || isActing) return;
    isActing = true;
    const done = reportLate(button, preview);
    try {
      button.dataset.note = await act(preview);
    } finally {
      done();
      isActing = false;
      setTimeout(() => delete button.dataset.note, SHOWN);
    }
  });
}

/** @type {(button: HTMLElement) => Element} */
const actionsOf = button => button.closest(".rnb-actions") ?? /** @type {Element} */ (button.parentElement);

/** @type {(button: HTMLElement, text: string, name: string) => void} */
function offerText(button, text, name) {
  const actions = actionsOf(button);
  const properties = { className: "rnb-copy-text", readOnly: true, rows: 4 };
  const known = /** @type {HTMLTextAreaElement | null} */ (find(actions, ".rnb-copy-text"));
  const field = known ?? make("textarea", properties);
  field.dataset.lmSuppressShortcuts = "true";
  field.setAttribute("aria-label", name);
  field.value = text;
  actions.append(field);
  field.focus();
  field.select();
}
