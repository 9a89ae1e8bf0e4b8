// @ts-check
// Elements: made, found, and given their attributes.

/** What was wired already. A page may throw nodes away and make others, so nothing is noted on the nodes themselves. */
const wired = /** @type {WeakSet<object>} */ (new WeakSet());

/**
 * Return a new element with these properties; what is no property of it becomes an attribute.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) Reflect.set(node, name, value);
    else node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/**
 * Return a new element of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function vector(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** @type {(root: ParentNode, selector: string) => HTMLElement | null} */
export const find = (root, selector) => root.querySelector(selector);

/** @type {(root: ParentNode, selector: string) => HTMLElement[]} */
export const findAll = (root, selector) => [...root.querySelectorAll(selector)].map(asElement);

/** @type {(node: unknown) => HTMLElement} */
const asElement = node => /** @type {HTMLElement} */ (node);

/** @type {(event: Event) => HTMLElement} */
export const targetOf = event => asElement(event.target);

/**
 * Set an attribute, where it is not set already: a change would wake every observer.
 * @param {Element | null} node
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(node, name, value) {
  if (node && node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Wire a node the first time that it is seen.
 * @template {object} Wired
 * @param {Wired | null | undefined} node
 * @param {(node: Wired) => void} wire
 */
export function once(node, wire) {
  if (!node || wired.has(node)) return;
  wired.add(node);
  wire(node);
}

/**
 * Return a name for a group of radio buttons that no other group of the document has. It is drawn, not counted: the page
 * loads this module once for each widget, and the radio buttons of all of them stand in one document.
 */
export const radioName = () => `rnb-radio-${Math.random().toString(36).slice(2)}`;
