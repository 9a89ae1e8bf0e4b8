// @ts-check
// The notebook as its file holds it: in the place of a widget stands the text that outlives it, so that a file opened
// without the kernel, by whatever program, shows that. A page that finds the widget alive puts it back (host.js).
/** @import { Bundle, Texts } from "./host.js" */

/**
 * @typedef {{ data?: Bundle, metadata?: any }} SavedOutput
 * @typedef {{ cells: { outputs?: SavedOutput[] }[], metadata: any }} SavedNotebook
 */

export const VIEW = "application/vnd.jupyter.widget-view+json";
export const STATE = "application/vnd.jupyter.widget-state+json";

/**
 * Return a notebook with the texts in the place of their widgets, whose ids stay in the metadata.
 * @type {(notebook: SavedNotebook, texts: Texts) => SavedNotebook}
 */
export function withTexts(notebook, texts) {
  const places = new Map(Object.entries(texts).map(([place, { model, data }]) => [model, { place, data }]));
  /** @type {(output: SavedOutput) => SavedOutput} */
  const written = output => {
    const widget = /** @type {any} */ (output.data?.[VIEW])?.model_id;
    const found = places.get(widget);
    if (!found) return output;
    const metadata = { ...output.metadata, runway_nb: { place: found.place, widget } };
    return { ...output, data: found.data, metadata };
  };
  const cells = notebook.cells.map(cell => (cell.outputs ? { ...cell, outputs: cell.outputs.map(written) } : cell));
  return { ...notebook, cells, metadata: withoutStates(notebook.metadata, new Set(places.keys())) };
}

/** @type {(metadata: any, models: Set<string>) => any} */
function withoutStates({ widgets, ...metadata }, models) {
  if (!widgets?.[STATE]?.state) return widgets ? { ...metadata, widgets } : metadata;
  const { [STATE]: saved, ...others } = widgets;
  const state = Object.fromEntries(Object.entries(saved.state).filter(([id]) => !models.has(id)));
  const left = Object.keys(state).length ? { ...others, [STATE]: { ...saved, state } } : others;
  return Object.keys(left).length ? { ...metadata, widgets: left } : metadata;
}

/**
 * @typedef {object} Hand What a widget has to do with the file of its notebook.
 * @property {() => Texts} texts What is written in the place of widgets.
 * @property {() => void} putBack Called after the file was read again, when what is written there stands in the page.
 */

/**
 * Take part in the writing and reading of a notebook's file; return the function that ends this. The front end has no
 * door for that but the two functions by which its model is written and read; they are wrapped once, for all widgets of
 * a page.
 * @type {(model: any, hand: Hand) => () => void}
 */
export function joinFile(model, hand) {
  if (!model.toJSON.runwayHands) wrapFile(model);
  /** @type {Set<Hand>} */
  const hands = model.toJSON.runwayHands;
  hands.add(hand);
  return () => hands.delete(hand);
}

/** @param {any} model */
function wrapFile(model) {
  const { toJSON: write, fromJSON: read } = model;
  /** @type {Set<Hand>} */
  const runwayHands = new Set();
  const act = () => {
    const notebook = write.call(model);
    try {
      return withTexts(notebook, Object.assign({}, ...[...runwayHands].map(hand => hand.texts())));
    } catch (error) {
      console.error(error); // whatever it is, the user's notebook is saved
      return notebook;
    }
  };
  model.toJSON = Object.assign(act, { runwayHands });
  model.fromJSON = (/** @type {unknown[]} */ ...given) => {
    read.apply(model, given);
    for (const hand of runwayHands) hand.putBack();
  };
}
