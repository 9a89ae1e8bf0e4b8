// @ts-check
// Radio buttons of several widgets in one document: a browser takes those of one name for one group.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";

const STATIC = "../../runway_nb/notebook/static/";
/** @type {(module: string, widget: string) => Promise<any>} */
const loadedFor = (module, widget) => import(`${STATIC}${module}?${widget}`);

/** An element that shows nothing. */
class FakeElement {
  name = "";
  append() {}
  setAttribute() {}
  getAttribute() {}
}

Reflect.set(globalThis, "document", {
  createElement: () => new FakeElement(),
  createElementNS: () => new FakeElement(),
});

/** @param {{ name: string }[][]} groups */
function checkGroups(groups) {
  const names = groups.map(radios => new Set(radios.map(radio => radio.name)));
  assert.ok(names.every(found => found.size === 1 && !found.has("")));
  assert.equal(new Set(names.flatMap(found => [...found])).size, groups.length);
}

test("each row of a comparison is a group of its own, beside another comparison, too", async () => {
  const clip = (/** @type {string} */ letter) => ({ letter, name: letter, label: "", canStar: false });
  const groups = [];
  for (const widget of ["one", "two"]) {
    const { comparisonParts } = await loadedFor("comparison_parts.js", widget);
    const texts = { title: "", badge: "", difference: [], prompts: [], clips: [clip("A"), clip("B")] };
    const { modes, shown } = comparisonParts(texts);
    groups.push(modes.radios, shown.radios);
  }
  checkGroups(groups);
});

test("each row of a panel is a group of its own, beside another panel, too, and keeps its name", async () => {
  const rows = [];
  for (const widget of ["one", "two"]) {
    const { enhance } = await loadedFor("controls.js", widget);
    const radios = [0, 1].map(() => [new FakeElement(), new FakeElement()]);
    const groups = radios.map(row =>
      Object.assign(new FakeElement(), { querySelector: () => null, querySelectorAll: () => row }),
    );
    const panel = {
      querySelector: () => null,
      querySelectorAll: (/** @type {string} */ selector) => (selector === ".widget-radio" ? groups : []),
    };
    enhance(panel, {});
    const named = radios.map(row => row[0].name);
    enhance(panel, {});
    assert.deepEqual(
      radios.map(row => row[0].name),
      named,
    );
    rows.push(...radios);
  }
  checkGroups(rows);
});
