// The notebook around the panel, where the front end gives it out: JupyterLab and Notebook 7 do. A page that was
// loaded anew has lost the display ids, and a kernel that is killed says no word: then only the page can put results
// and texts in their places. The file gets the texts when it is saved, and at no other time.

const VIEW = "application/vnd.jupyter.widget-view+json";
const STATE = "application/vnd.jupyter.widget-state+json";
const OVER = ["terminating", "restarting", "autorestarting", "dead"];

/** The place that an output was displayed in: what Python calls its display id. */
const placeOf = output => output.metadata?.runway_nb?.place;
const isOurs = saved => saved.state?.outputs?.[0]?.metadata?.runway_nb?.kept === true;

/** What stands for a widget in a saved notebook: an output widget with the durable form. */
function savedOutput(data) {
  const output = { output_type: "display_data", data, metadata: { runway_nb: { kept: true } } };
  const version = { _model_module_version: "1.0.0", _view_module_version: "1.0.0" };
  return {
    model_name: "OutputModel", model_module: "@jupyter-widgets/output", model_module_version: "1.0.0",
    state: { ...version, outputs: [output] },
  };
}

class Notebook {
  /** The notebook that a widget's model belongs to; nothing where the front end keeps it to itself. */
  static around(model) {
    const context = model.widget_manager?.context;
    const isKnown = context?.model?.cells && context.model.getMetadata && context.model.sharedModel?.insertCell;
    return isKnown ? new Notebook(context) : null;
  }

  constructor(context) {
    this.context = context;
  }

  /** Every output as [outputs of its cell, index, output]. */
  *outputs() {
    for (const cell of this.context.model?.cells ?? []) {
      for (let index = 0; index < (cell.outputs?.length ?? 0); index++) yield [cell.outputs, index, cell.outputs.get(index)];
    }
  }

  /** Show data in a place, as `update_display` does. */
  put(place, data) {
    this.replace(place, data, output => placeOf(output) === place);
  }

  /** Texts in the place of widgets that nobody will ever bring up to date again. */
  putTexts(texts) {
    for (const [place, { model, data }] of Object.entries(texts)) {
      this.replace(place, data, output => output.data[VIEW]?.model_id === model);
    }
  }

  replace(place, data, isMeant) {
    for (const [outputs, index, output] of [...this.outputs()]) {
      if (!isMeant(output) || JSON.stringify(output.data) === JSON.stringify(data)) continue;
      outputs.set(index, { output_type: "display_data", data, metadata: { runway_nb: { place } } });
    }
  }

  /** Keep the texts in the notebook file, where JupyterLab looks for widgets that have no kernel. */
  keep(texts) {
    if (this.context.isDisposed || !this.context.model) return;
    const shown = new Set([...this.outputs()].map(([, , output]) => output.data[VIEW]?.model_id));
    const { [STATE]: saved = { version_major: 2, version_minor: 0, state: {} }, ...widgets } =
      this.context.model.getMetadata("widgets") ?? {};
    const others = Object.entries(saved.state ?? {}).filter(([id, state]) => !isOurs(state) || shown.has(id));
    const ours = Object.values(texts).map(({ model, data }) => [model, savedOutput(data)]);
    const state = Object.fromEntries([...others, ...ours.filter(([id]) => shown.has(id))]);
    if (JSON.stringify(state) === JSON.stringify(saved.state)) return;
    if (Object.keys(state).length) widgets[STATE] = { ...saved, state };
    if (Object.keys(widgets).length) this.context.model.setMetadata("widgets", widgets);
    else this.context.model.deleteMetadata("widgets");
  }

  /** Put a cell below the one that a node stands in; false where it stands in none, as in a view of its own. */
  insertBelow(node, source) {
    const cell = node.closest(".jp-Notebook .jp-Cell");
    if (!cell) return false;
    const cells = [...cell.parentElement.querySelectorAll(":scope > .jp-Cell")];
    const index = Number(cell.dataset.windowedListIndex ?? cells.indexOf(cell));
    this.context.model.sharedModel.insertCell(index + 1, { cell_type: "code", source, metadata: {} });
    return true;
  }

  /** Call before the notebook is saved, after the widgets' own saving, until the signal. */
  whenSaved(act, signal) {
    const { saveState } = this.context;
    const onSave = (_, state) => state === "started" && act();
    saveState.connect(onSave);
    signal.addEventListener("abort", () => saveState.disconnect(onSave));
  }

  /** Call when the kernel is gone or another one has come, until the signal. */
  whenKernelEnds(act, signal) {
    const session = this.context.sessionContext;
    const onStatus = (_, status) => OVER.includes(status) && act();
    const onKernel = (_, { oldValue, newValue }) => oldValue && oldValue.id !== newValue?.id && act();
    session.statusChanged.connect(onStatus);
    session.kernelChanged.connect(onKernel);
    signal.addEventListener("abort", () => {
      session.statusChanged.disconnect(onStatus);
      session.kernelChanged.disconnect(onKernel);
    });
  }
}
