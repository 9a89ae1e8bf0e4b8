// @ts-check
// The notebook around the panel, where the front end gives it out: JupyterLab and Notebook 7 do. A page that was
// loaded anew has lost the display ids, and a kernel that is killed says no word: then only the page can put results
// and texts in their places. The file gets the texts when it is saved, and at no other time.
/** @typedef {{ account?: string, name?: string }} Person Nothing of anybody where the notebook is not shared. */

import { joinFile, STATE, VIEW } from "./saved_notebook.js";

/** @import { WidgetModel } from "./kernel.js" */

/**
 * @typedef {Record<string, unknown>} Bundle Data by MIME type.
 * @typedef {Record<string, { model: string, data: Bundle }>} Texts By display id: the widget there, and what replaces it.
 * @typedef {{ data: any, metadata?: any }} Output
 * @typedef {{ get: (index: number) => Output, set: (index: number, output: object) => void, length: number }} Outputs
 * @typedef {any} Context Of the notebook, as the front end made it.
 * @typedef {object} WidgetManager
 * @property {(id: string) => Promise<{ comm_live?: boolean }>} get_model
 * @property {boolean} [restoredStatus] Whether the widgets of the kernel are known, after the page was loaded.
 * @property {{ connect: (act: (value: unknown) => void) => void }} [restored]
 */

/** Milliseconds in which what one page writes into a shared notebook has come to the others. */
export const ARRIVES = 1000;
const OVER = ["terminating", "restarting", "autorestarting", "dead"];

/**
 * Return the display id that an output was displayed under.
 * @param {Output} output
 */
const displayIdOf = output => output.metadata?.runway_nb?.place;
/** @param {any} saved */
const isOurs = saved => saved.state?.outputs?.[0]?.metadata?.runway_nb?.kept === true;

/**
 * Return what stands for a widget in a notebook that a server saves, as one that is shared: an output widget with the
 * durable form.
 * @param {Bundle} data
 */
function savedOutput(data) {
  const output = { output_type: "display_data", data, metadata: { runway_nb: { kept: true } } };
  const version = { _model_module_version: "1.0.0", _view_module_version: "1.0.0" };
  return {
    model_name: "OutputModel",
    model_module: "@jupyter-widgets/output",
    model_module_version: "1.0.0",
    state: { ...version, outputs: [output] },
  };
}

export class Notebook {
  /**
   * Return the notebook that a widget's model belongs to; nothing where the front end keeps it to itself.
   * @param {WidgetModel} model
   */
  static around(model) {
    const context = model.widget_manager?.context;
    const isKnown = context?.model?.cells && context.model.getMetadata && context.model.sharedModel?.insertCell;
    return isKnown ? new Notebook(context) : null;
  }

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    /** @type {Map<string, ReturnType<typeof setTimeout>>} */
    this.putting = new Map();
  }

  /** The connection to the kernel, as the headers of its messages name it. */
  get client() {
    return this.context.sessionContext?.session?.kernel?.clientId;
  }

  /**
   * Who looks at this page, as a front end knows it whose notebooks are shared.
   * @returns {Person}
   */
  get person() {
    const user = this.context.model.sharedModel.awareness?.getLocalState?.()?.user;
    return user?.username ? { account: user.username, name: user.display_name || user.name } : {};
  }

  /** Whether other pages have the notebook open, too, and get what this one writes into it. */
  get isShared() {
    return (this.context.model.sharedModel.awareness?.getStates?.().size ?? 0) > 1;
  }

  /** The place of this page among all that have the notebook open, in an order that all of them know. */
  get rank() {
    const { awareness } = this.context.model.sharedModel;
    const pages = [...(awareness?.getStates?.().keys() ?? [])].sort((one, other) => one - other);
    return Math.max(0, pages.indexOf(awareness?.clientID));
  }

  /**
   * Give every output as [outputs of its cell, index, output].
   * @returns {Generator<[Outputs, number, Output]>}
   */
  *outputs() {
    for (const cell of this.context.model?.cells ?? []) {
      for (let index = 0; index < (cell.outputs?.length ?? 0); index++)
        yield [cell.outputs, index, cell.outputs.get(index)];
    }
  }

  /**
   * Show data under a display id, as `update_display` does; of what is put while it waits, the last.
   * @type {(displayId: string, data: Bundle, patience?: number, isMeant?: (output: Output) => boolean) => void}
   */
  put(displayId, data, patience = 0, isMeant = () => true) {
    const act = () => this.replace(displayId, data, output => displayIdOf(output) === displayId && isMeant(output));
    clearTimeout(this.putting.get(displayId));
    if (patience) this.putting.set(displayId, setTimeout(act, patience));
    else act();
  }

  /**
   * Show data under a display id that this page may have lost. Of the pages of a shared notebook one that knows it writes
   * for all, or else the first, where still stands what stood there: two that replace one output leave two.
   * @type {(displayId: string, data: Bundle) => void}
   */
  putLost(displayId, data) {
    const there = [...this.outputs()].map(([, , output]) => output).filter(output => displayIdOf(output) === displayId);
    const old = new Set(there.map(output => JSON.stringify(output.data)));
    const patience = this.isShared ? ARRIVES * (1 + this.rank) : 0;
    this.put(displayId, data, patience, output => old.has(JSON.stringify(output.data)));
  }

  /**
   * Put texts in the place of widgets that nobody will ever bring up to date again.
   * @param {Texts} texts
   */
  putTexts(texts) {
    for (const [displayId, { model, data }] of Object.entries(texts)) {
      this.replace(displayId, data, output => output.data[VIEW]?.model_id === model);
    }
  }

  /**
   * Put widgets back that are alive, where the file held their texts; the notebook counts as changed no more than before.
   * @param {Texts} texts
   * @param {WidgetManager} manager
   */
  async putBack(texts, manager) {
    await this.context.ready;
    // before, a widget may be alive and not known yet
    if (manager.restoredStatus === false) await new Promise(known => manager.restored?.connect(known));
    for (const [place, { model }] of Object.entries(texts)) {
      const widget = await manager.get_model(model).catch(() => null);
      if (!widget?.comm_live || !this.context.model) continue;
      const { dirty } = this.context.model;
      for (const [outputs, index, { data, metadata }] of [...this.outputs()]) {
        if (metadata?.runway_nb?.widget !== model) continue;
        const view = { ...data, [VIEW]: { version_major: 2, version_minor: 0, model_id: model } };
        outputs.set(index, { output_type: "display_data", data: view, metadata: { runway_nb: { place } } });
      }
      this.context.model.dirty = dirty;
    }
  }

  /** @type {(displayId: string, data: Bundle, isMeant: (output: Output) => boolean) => void} */
  replace(displayId, data, isMeant) {
    for (const [outputs, index, output] of [...this.outputs()]) {
      if (!isMeant(output) || JSON.stringify(output.data) === JSON.stringify(data)) continue;
      outputs.set(index, { output_type: "display_data", data, metadata: { runway_nb: { place: displayId } } });
    }
  }

  /**
   * Keep the texts where JupyterLab looks for widgets that have no kernel: in a file that a server writes, from what its
   * pages share, nothing can stand in their place.
   * @param {Texts} texts
   */
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

  /**
   * Put a cell below the one that a node stands in; return false where it stands in none, as in a view of its own.
   * @type {(node: Element, source: string) => boolean}
   */
  insertBelow(node, source) {
    /** @type {HTMLElement | null} */
    const cell = node.closest(".jp-Notebook .jp-Cell");
    if (!cell?.parentElement) return false;
    const cells = [...cell.parentElement.querySelectorAll(":scope > .jp-Cell")];
    const index = Number(cell.dataset.windowedListIndex ?? cells.indexOf(cell));
    this.context.model.sharedModel.insertCell(index + 1, { cell_type: "code", source, metadata: {} });
    return true;
  }

  /**
   * Call before the notebook is saved, after the widgets' own saving, until the signal.
   * @type {(act: () => void, signal: AbortSignal) => void}
   */
  whenSaved(act, signal) {
    const { saveState } = this.context;
    /** @type {(sender: unknown, state: string) => unknown} */
    const onSave = (_, state) => state === "started" && act();
    saveState.connect(onSave);
    signal.addEventListener("abort", () => saveState.disconnect(onSave));
  }

  /**
   * Call when the kernel is gone or another one has come, until the signal.
   * @type {(act: () => void, signal: AbortSignal) => void}
   */
  whenKernelEnds(act, signal) {
    const session = this.context.sessionContext;
    /** @type {(sender: unknown, status: string) => unknown} */
    const onStatus = (_, status) => OVER.includes(status) && act();
    /** @type {(sender: unknown, change: { oldValue?: { id: string }, newValue?: { id: string } }) => unknown} */
    const onKernel = (_, { oldValue, newValue }) => oldValue && oldValue.id !== newValue?.id && act();
    session.statusChanged.connect(onStatus);
    session.kernelChanged.connect(onKernel);
    signal.addEventListener("abort", () => {
      session.statusChanged.disconnect(onStatus);
      session.kernelChanged.disconnect(onKernel);
    });
  }
}

/**
 * Begin, with a widget's model, to keep the texts of its trait in the notebook's file in the place of the widgets, and
 * put them back where the page was loaded anew, or the file read again. Returns what ends it, as anywidget's
 * `initialize` does.
 * @type {(widget: { model: WidgetModel }) => (() => void) | undefined}
 */
export function keepTexts({ model }) {
  const notebook = Notebook.around(model);
  if (!notebook?.context.model.toJSON) return undefined;
  const texts = () => model.get("texts");
  const putBack = () => void notebook.putBack(texts(), model.widget_manager);
  putBack();
  return joinFile(notebook.context.model, { texts, putBack });
}
