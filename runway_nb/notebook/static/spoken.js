// @ts-check
// What a screen reader says of a job: each step once. It stands outside of the notebook's outputs, because the output
// that brings the last words is replaced right after them.
/** @import { WidgetModel } from "./kernel.js" */

const UNSEEN = "position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)";
// after that it has been read, and nobody is to find it when reading the page
const GONE_AFTER = 10000;

/** @type {() => Element} */
function region() {
  const known = document.querySelector("body > .rnb-spoken");
  if (known) return known;
  const made = document.createElement("div");
  made.className = "rnb-spoken";
  made.setAttribute("role", "log");
  made.style.cssText = UNSEEN;
  document.body.append(made);
  return made;
}

/** @param {{ model: WidgetModel, el: HTMLElement }} view */
function render({ model, el }) {
  el.hidden = true;
  const place = region(); // there before its first words: what appears together with its region is not read
  const say = () => {
    const text = String(model.get("text"));
    if (place.lastElementChild?.textContent === text) return; // the notebook may stand open in two views
    const line = document.createElement("div");
    line.textContent = text;
    place.append(line);
    setTimeout(() => line.remove(), GONE_AFTER);
  };
  model.on("change:text", say, el);
  return () => model.off("change:text", null, el);
}

export default { render };
