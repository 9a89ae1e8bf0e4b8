// @ts-check
// What of a sweep is shown where, and the way of the keys through it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { actOf, movedTo, tabStop } from "../../runway_nb/notebook/static/sweep_keys.js";
import { layOut, pagesOf, spoken, tilesAcross } from "../../runway_nb/notebook/static/sweep_layout.js";

/** @type {(sizes: number[], keep?: (place: number[]) => boolean) => any} */
function planOf(sizes, keep = () => true) {
  /** @type {number[][]} */
  let places = [[]];
  // the first axis runs fastest
  for (const size of sizes)
    places = Array.from({ length: size }, (_, at) => at).flatMap(at => places.map(place => [...place, at]));
  const axes = sizes.map((size, axis) => ({
    name: "xyzw"[axis],
    labels: Array.from({ length: size }, (_, at) => `${"xyzw"[axis]} ${at}`),
  }));
  const cells = places
    .filter(keep)
    .map(place => ({ place, label: place.map((at, k) => `${"xyzw"[k]} ${at}`).join(", ") }));
  return { title: "Sweep", prompt: "", isGrid: sizes.length > 1, axes, cells, frame: [5, 3], simulated: false };
}

/** @type {(more?: object) => any} */
const cell = (more = {}) => ({
  ...{
    state: "ready",
    word: "Done",
    detail: "",
    ratio: null,
    tone: "",
    title: "",
    star: false,
    rejected: false,
    ended: 0,
  },
  ...more,
});
const CHOICE = { sort: "grid", words: "", hideRejected: false, page: [] };
/** @type {(plan: any, cells?: any[], choice?: object, across?: number) => any} */
const laid = (plan, cells = plan.cells.map(() => cell()), choice = {}, across = 4) =>
  layOut(plan, cells, { ...CHOICE, ...choice }, across);

// --- places -----------------------------------------------------------------------------------------

test("the first axis runs across and the second down, each with its labels", () => {
  assert.deepEqual(laid(planOf([3, 2])), {
    columns: ["x 0", "x 1", "x 2"],
    titles: ["y 0", "y 1"],
    rows: [
      [0, 1, 2],
      [3, 4, 5],
    ],
  });
});

test("a limit leaves gaps, and no empty rows and columns", () => {
  const plan = planOf([3, 3], ([x, y]) => x !== 1 && y !== 1 && !(x === 2 && y === 2));
  assert.deepEqual(laid(plan).rows, [
    [0, 1],
    [2, null],
  ]);
  assert.deepEqual(laid(plan).columns, ["x 0", "x 2"]);
});

test("further axes are pages", () => {
  const plan = planOf([2, 2, 3, 2]);
  assert.deepEqual(
    pagesOf(plan).map(({ name, labels }) => [name, labels.length]),
    [
      ["z", 3],
      ["w", 2],
    ],
  );
  assert.deepEqual(laid(plan, undefined, { page: [1, 1] }).rows, [
    [16, 17],
    [18, 19],
  ]);
  assert.deepEqual(pagesOf(planOf([4])), []);
});

test("what is no grid stands as tiles, as many beside each other as fit", () => {
  assert.deepEqual(laid(planOf([5]), undefined, {}, 2).rows, [[0, 1], [2, 3], [4]]);
  assert.deepEqual(
    [90, 320, 5000].map(width => tilesAcross(width, 150, 6)),
    [1, 2, 6],
  );
});

test("another order makes tiles of a grid, and equal shots keep theirs", () => {
  const plan = planOf([2, 2]);
  const cells = [
    cell({ state: "ended", ended: 4 }),
    cell({ state: "waiting" }),
    cell({ ended: 9 }),
    cell({ star: true, ended: 2 }),
  ];
  /** @param {string} sort */
  const order = sort => laid(plan, cells, { sort }).rows.flat();
  assert.deepEqual(order("ready"), [2, 3, 1, 0]);
  assert.deepEqual(order("newest"), [2, 0, 3, 1]);
  assert.deepEqual(order("stars"), [3, 0, 1, 2]);
});

test("rejected shots are hidden, and a filter looks at labels, words and stars", () => {
  const plan = planOf([2, 2]);
  const cells = [
    cell({ rejected: true }),
    cell(),
    cell({ star: true }),
    cell({ state: "running", word: "Generating" }),
  ];
  assert.deepEqual(laid(plan, cells, { hideRejected: true }).rows, [
    [null, 1],
    [2, 3],
  ]);
  assert.deepEqual(laid(plan, cells, { words: "Y 1" }).rows, [[2, 3]]);
  assert.deepEqual(laid(plan, cells, { words: "starred" }).rows, [[2]]);
  assert.deepEqual(laid(plan, cells, { words: "generating, x 1" }).rows, [[3]]);
  assert.deepEqual(laid(plan, cells, { words: "elephant" }).rows, []);
});

test("a screen reader hears where a shot is, how it stands and how it is marked", () => {
  assert.equal(spoken("zoom 0", cell({ star: true })), "zoom 0: done, starred");
  assert.equal(spoken("zoom 0", cell({ rejected: true })), "zoom 0: done, rejected");
  assert.equal(
    spoken("zoom 0", cell({ state: "running", word: "Generating", detail: "4 %" })),
    "zoom 0: generating 4 %",
  );
});

// --- keys -------------------------------------------------------------------------------------------

const ROWS = [
  [0, 1, 2],
  [3, null, 5],
  [6, 7],
];
/** @type {(number: number, key: string, ctrlKey?: boolean) => number | undefined} */
const moved = (number, key, ctrlKey = false) => movedTo(ROWS, number, { key, ctrlKey });

test("arrows move past gaps and never around an edge", () => {
  assert.deepEqual([moved(0, "ArrowRight"), moved(3, "ArrowRight"), moved(5, "ArrowLeft")], [1, 5, 3]);
  assert.deepEqual([moved(1, "ArrowDown"), moved(7, "ArrowUp"), moved(5, "ArrowDown")], [7, 1, 7]);
  assert.deepEqual(
    [moved(2, "ArrowRight"), moved(0, "ArrowLeft"), moved(0, "ArrowUp"), moved(7, "ArrowDown"), moved(7, "ArrowRight")],
    [undefined, undefined, undefined, undefined, undefined],
  );
});

test("Home and End go to the ends of the row, with Ctrl to those of all", () => {
  assert.deepEqual([moved(1, "Home"), moved(3, "End"), moved(5, "Home", true), moved(0, "End", true)], [0, 5, 0, 7]);
});

test("other keys do not move, and what is not shown moves nowhere", () => {
  assert.equal(moved(0, "a"), undefined);
  assert.equal(moved(99, "ArrowRight"), undefined);
});

test("every key of the grid does one thing, and none with a modifier", () => {
  assert.deepEqual(
    ["s", "S", "x", "Enter", " ", "Escape", "q"].map(key => actOf({ key })),
    ["star", "star", "reject", "open", "play", "close", undefined],
  );
  assert.equal(actOf({ key: "s", ctrlKey: true }), undefined);
  assert.equal(actOf({ key: "x", metaKey: true }), undefined);
});

test("Tab comes back to the shot that was last, or to the first that is shown", () => {
  assert.deepEqual([tabStop(ROWS, 5), tabStop(ROWS, 99), tabStop([[null, 4]], 0), tabStop([], 3)], [5, 0, 4, -1]);
});
