// @ts-check
// A widget that shows nothing: it keeps the texts of the widgets around it in the notebook, for a kernel that ends
// without a word and for a file that is opened without it.
import { keepTexts, Notebook } from "./host.js";

/** @import { WidgetModel } from "./kernel.js" */

/**
 * Keep the texts, and show what the kernel has to say at display ids that a page which was loaded anew has lost.
 * @param {{ model: WidgetModel }} widget
 */
function initialize({ model }) {
  const notebook = Notebook.around(model);
  model.on("msg:custom", ({ kind, display_id: displayId, data }) => {
    if (kind === "put") notebook?.putLost(displayId, data);
  });
  return keepTexts({ model });
}

/** @param {{ model: WidgetModel, el: HTMLElement }} view */
function render({ model, el }) {
  el.hidden = true;
  const gone = new AbortController();
  const notebook = Notebook.around(model);
  notebook?.whenSaved(() => notebook.keep(model.get("texts")), gone.signal);
  notebook?.whenKernelEnds(() => notebook.putTexts(model.get("texts")), gone.signal);
  return () => {
    gone.abort();
    // after its output is gone, its text need not be kept
    setTimeout(() => notebook?.keep({}));
  };
}

export default { initialize, render };
