// @ts-check
// The clipboard: a browser gives it only to the user's own gesture, so the kernel cannot fill it. It is given the promise
// of a text, for the kernel may be busy.
import { find, make } from "./dom.js";
import { GUARD } from "./sweep_cell.js";

/**
 * Copy a text that is still to come; where the page may not, show it to be copied by hand.
 * @type {(asked: Promise<string>, room: HTMLElement, name: string) => Promise<string>}
 */
export async function copyText(asked, room, name) {
  find(room, ".rnb-copy-text")?.remove();
  try {
    const blob = asked.then(text => new Blob([text], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    return `${name} copied.`;
  } catch {
    const text = await asked;
    const rows = Math.min(12, text.split("\n").length);
    const area = make("textarea", { className: "rnb-copy-text", readOnly: true, rows, value: text, ...GUARD });
    area.setAttribute("aria-label", name);
    room.append(area);
    area.select();
    return `${name}: press Ctrl+C to copy.`;
  }
}
