// @ts-check
// The page's side of HTML that the kernel brings up to date, for a front end that has no outputs to update.
/** @import { WidgetModel } from "./kernel.js" */

/** @param {{ model: WidgetModel, el: HTMLElement }} view */
function render({ model, el }) {
  const show = () => {
    el.innerHTML = /** @type {string} */ (model.get("html"));
  };
  model.on("change:html", show, el);
  show();
  return () => model.off("change:html", null, el);
}

export default { render };
