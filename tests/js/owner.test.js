// @ts-check
// Whose the panel is, as one page knows it: who may use it, and who writes into the notebook that all have open.
import "./facts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ARRIVES } from "../../runway_nb/notebook/static/host.js";
import { Owner } from "../../runway_nb/notebook/static/owner.js";

/** What a page with this connection knows, the second of all pages. */
function owner(/** @type {string} */ client, /** @type {{ name: string, pages: string[] } | undefined} */ told) {
  const found = new Owner(/** @type {any} */ ({ client, rank: 1 }));
  if (told) found.hear(told);
  return found;
}

test("a panel that nobody owns is everybody's, and is written at once", () => {
  for (const known of [owner("a", undefined), owner("a", { name: "", pages: [] }), new Owner(null)]) {
    assert.equal(known.isOther, false);
    assert.equal(known.isWriter, true);
    assert.equal(known.patience, 0);
    assert.equal(known.turn, 0);
  }
});

test("the owner's pages may use it, and the last of them writes", () => {
  const told = { name: "Ann", pages: ["a", "a2"] };
  assert.deepEqual(
    ["a", "a2", "b"].map(client => owner(client, told).isOther),
    [false, false, true],
  );
  assert.deepEqual(
    ["a", "a2", "b"].map(client => owner(client, told).isWriter),
    [false, true, false],
  );
});

test("the last page of the owner waits for none, and the others in turn", () => {
  const told = { name: "Ann", pages: ["a"] };
  assert.equal(owner("a", told).turn, 0);
  assert.equal(owner("b", told).turn, 2 * ARRIVES);
  assert.equal(owner("a", told).patience, ARRIVES);
});
