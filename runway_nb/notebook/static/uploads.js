// @ts-check
// Pictures that are dropped on a keyframe, and files that are too large for the upload button's one message.
import { find } from "./dom.js";
import { FACTS } from "./facts.js";
import { previewOf } from "./panel_scope.js";

const { piece: PIECE, largest: LARGEST } = FACTS.upload;
const POSITION = new RegExp(`rnb-keyframe-(${FACTS.positions.join("|")})`);

/** @param {DragEvent} event */
const carriesFile = event => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** @param {HTMLElement} keyframe */
export function wireDrop(keyframe) {
  /** @param {boolean} isOver */
  const over = isOver => keyframe.classList.toggle("rnb-over", isOver);
  keyframe.addEventListener("dragover", event => {
    if (!carriesFile(event)) return;
    event.preventDefault(); // the browser would leave the page for the file
    over(!isOff(keyframe));
  });
  keyframe.addEventListener("dragleave", event =>
    over(keyframe.contains(/** @type {Node | null} */ (event.relatedTarget))),
  );
  keyframe.addEventListener("drop", event => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    over(false);
    takeFile(keyframe, event.dataTransfer?.files[0]);
  });
}

/** @param {HTMLElement} upload */
export function wireUpload(upload) {
  /** @type {HTMLElement | null} */
  const keyframe = upload.closest(".rnb-keyframe-drop");
  const input = keyframe && inputOf(upload);
  if (!input) return;
  const onChange = (/** @type {Event} */ event) => {
    if (uploadLarge(keyframe, input.files?.[0])) event.stopImmediatePropagation();
  };
  input.addEventListener("change", onChange, true);
}

/**
 * Upload what the button's own way would lose without a word; return true when it did, or said why not.
 * @type {(keyframe: HTMLElement, file: File | undefined) => boolean}
 */
function uploadLarge(keyframe, file) {
  if (!file || file.size <= PIECE) return false;
  const preview = previewOf(keyframe);
  const position = POSITION.exec(keyframe.className)?.[1] ?? "";
  /** @param {string} text */
  const report = text => preview?.announce(text);
  if (file.size > LARGEST) report(tooLarge(file));
  else preview?.kernel.upload(position, file, PIECE, report);
  return true;
}

/** @param {File} file */
const tooLarge = file => `${file.name} has ${Math.ceil(file.size / 1e6)} MB: ${LARGEST / 1e6} MB are the most.`;

/**
 * Return whether the model has no such keyframe.
 * @type {(keyframe: HTMLElement) => boolean}
 */
const isOff = keyframe => /** @type {HTMLButtonElement | null} */ (find(keyframe, ".widget-upload"))?.disabled ?? false;

/** @type {(keyframe: HTMLElement, file: File | undefined) => void} */
function takeFile(keyframe, file) {
  if (isOff(keyframe)) {
    previewOf(keyframe)?.announce(`${file?.name} is not taken: the model has no such keyframe.`);
    return;
  }
  if (uploadLarge(keyframe, file)) return;
  const upload = find(keyframe, ".widget-upload");
  const input = upload && inputOf(upload);
  if (!input || !file) return;
  if (!file.type.startsWith("image/")) {
    previewOf(keyframe)?.announce(`${file.name} is no picture.`);
    return;
  }
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
}

/**
 * Return the input of an upload button, nothing while the button is disabled. The input is in no document. The button
 * clicks it when it is clicked itself, and in that moment, without giving way to anything else, the input tells which
 * one it is.
 * @param {HTMLElement} upload
 * @returns {HTMLInputElement | null}
 */
function inputOf(upload) {
  if (/** @type {HTMLButtonElement} */ (upload).disabled) return null;
  const usual = HTMLInputElement.prototype.click;
  /** @type {{ input: HTMLInputElement | null }} */
  const found = { input: null };
  HTMLInputElement.prototype.click = function () {
    found.input = this;
  };
  try {
    upload.click();
  } finally {
    HTMLInputElement.prototype.click = usual;
  }
  return found.input;
}
