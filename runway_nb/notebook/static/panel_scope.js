// @ts-check
// Which preview belongs to which panel: its view may be made again while the rows around it stay.
/** @import { Preview } from "./widget.js" */

/** @type {WeakMap<Element, Preview>} */
const previews = new WeakMap();

/**
 * Return the panel around a node, if there is one.
 * @param {Element} node
 * @returns {HTMLElement | null}
 */
export const panelOf = node => node.closest(".rnb-panel");

/**
 * Return the preview in the panel around a node.
 * @param {Element} node
 */
export function previewOf(node) {
  const panel = panelOf(node);
  return panel ? previews.get(panel) : undefined;
}

/** @type {(panel: Element, preview: Preview) => void} */
export function register(panel, preview) {
  previews.set(panel, preview);
}

/** @type {(panel: Element, preview: Preview) => void} */
export function unregister(panel, preview) {
  if (previews.get(panel) === preview) previews.delete(panel);
}
