// @ts-check
// Which shots of a sweep are shown, in which order and where. Pure functions of what the kernel sent and what the user
// chose.

/**
 * @typedef {{ name: string, labels: string[] }} SweepAxis
 * @typedef {{ place: number[], label: string }} SweepPlace
 * @typedef {object} SweepPlan What never changes.
 * @property {string} title
 * @property {string} prompt
 * @property {boolean} isGrid
 * @property {SweepAxis[]} axes
 * @property {SweepPlace[]} cells
 * @property {[number, number]} frame
 * @property {boolean} simulated
 */

/**
 * @typedef {object} CellState How one shot stands.
 * @property {string} state waiting, running, ready or ended.
 * @property {string} word
 * @property {string} detail
 * @property {number | null} ratio
 * @property {string} tone
 * @property {string} title
 * @property {boolean} star
 * @property {boolean} rejected
 * @property {number} ended
 */

/**
 * @typedef {object} Choice What the user chose to see.
 * @property {string} sort grid, ready, newest or stars.
 * @property {string} words What a shot's label or state has to hold, commas between.
 * @property {boolean} hideRejected
 * @property {number[]} page The value of the third axis and of each further one.
 */

/**
 * @typedef {object} Layout Rows of numbers of shots; null where there is none.
 * @property {string[]} columns Empty where each shot has its own label.
 * @property {string[]} titles Of the rows, as many as there are, or none.
 * @property {(number | null)[][]} rows
 */

/** @type {Record<string, (a: CellState, b: CellState) => number>} */
const ORDERS = {
  grid: () => 0,
  ready: (a, b) => rankOf(a) - rankOf(b),
  newest: (a, b) => b.ended - a.ended,
  stars: (a, b) => markOf(a) - markOf(b),
};
const RANKS = ["ready", "running", "waiting", "ended"];

/** @param {CellState} cell */
const rankOf = cell => RANKS.indexOf(cell.state);
/** @param {CellState} cell */
const markOf = cell => (cell.star ? 0 : cell.rejected ? 2 : 1);

/** Labels have a true minus sign, which no keyboard has. @param {string} text */
const plainText = text => text.toLowerCase().replaceAll("\u2212", "-");

/**
 * Return whether a shot is among those that the user chose to see.
 * @type {(place: SweepPlace, cell: CellState, choice: Choice) => boolean}
 */
function isShown(place, cell, choice) {
  const text = `${place.label}, ${cell.word} ${cell.detail}, ${cell.star ? "starred" : ""}`;
  const wanted = plainText(choice.words)
    .split(",")
    .map(each => each.trim());
  return !(choice.hideRejected && cell.rejected) && wanted.every(each => plainText(text).includes(each));
}

/**
 * Return what is shown where: a grid with its axes in their order, else tiles, as many beside each other as fit.
 * @type {(plan: SweepPlan, cells: CellState[], choice: Choice, across: number) => Layout}
 */
export function layOut(plan, cells, choice, across) {
  const shown = plan.cells.map((_, number) => number).filter(n => isShown(plan.cells[n], cells[n], choice));
  if (plan.isGrid && choice.sort === "grid") return gridOf(plan, shown, choice.page);
  const ordered = [...shown].sort((a, b) => ORDERS[choice.sort](cells[a], cells[b]) || a - b);
  const rows = [];
  for (let start = 0; start < ordered.length; start += across) rows.push(ordered.slice(start, start + across));
  return { columns: [], titles: [], rows };
}

/**
 * Return one page of the grid: the first axis across, the second down; without the rows and columns that are empty.
 * @type {(plan: SweepPlan, shown: number[], page: number[]) => Layout}
 */
function gridOf(plan, shown, page) {
  const here = shown.filter(n => plan.cells[n].place.slice(2).every((at, further) => at === page[further]));
  const numbers = new Map(here.map(n => [plan.cells[n].place.slice(0, 2).join(), n]));
  const used = (/** @type {number} */ axis) => new Set(here.map(n => plan.cells[n].place[axis]));
  const [columns, lines] = [0, 1].map(axis => [...used(axis)].sort((a, b) => a - b));
  return {
    columns: columns.map(at => plan.axes[0].labels[at]),
    titles: lines.map(at => plan.axes[1].labels[at]),
    rows: lines.map(line => columns.map(column => numbers.get([column, line].join()) ?? null)),
  };
}

/**
 * Return the further axes with the values that have a shot: each is a choice of a page.
 * @type {(plan: SweepPlan) => { name: string, labels: [number, string][] }[]}
 */
export function pagesOf(plan) {
  if (!plan.isGrid) return [];
  return plan.axes.slice(2).map(({ name, labels }, further) => {
    const used = new Set(plan.cells.map(cell => cell.place[2 + further]));
    /** @type {[number, string][]} */
    const listed = labels.map((label, at) => [at, label]);
    return { name, labels: listed.filter(([at]) => used.has(at)) };
  });
}

/**
 * Return how many tiles fit beside each other.
 * @type {(width: number, least: number, most: number) => number}
 */
export const tilesAcross = (width, least, most) => Math.min(most, Math.max(1, Math.floor(width / least)));

/**
 * Return what a screen reader says of a shot.
 * @type {(label: string, cell: CellState) => string}
 */
export function spoken(label, cell) {
  const more = cell.state === "ready" ? "" : ` ${cell.detail}`;
  const mark = cell.star ? ", starred" : cell.rejected ? ", rejected" : "";
  return `${label}: ${cell.word.toLowerCase()}${more}${mark}`.trim();
}
