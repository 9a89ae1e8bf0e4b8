// @ts-check
// What the doctor asks of the page: when a clip counts as loaded or failed, and what a browser says that it plays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clipState, playable, watchClips } from "../../runway_nb/notebook/static/page_probe.js";

/** @typedef {import("../../runway_nb/notebook/static/page_probe.js").Clip} Clip */

/** @type {Clip} */
const WAITING = { error: null, networkState: 2, readyState: 0 };
/** @type {Clip} */
const LOADED = { ...WAITING, readyState: 2 };
/** @type {Clip} */
const FAILED = { ...WAITING, error: /** @type {any} */ ({ code: 4 }) };

/** Give the clips of a list, one for each look; the last one for ever. */
function looks(/** @type {(Clip | null)[]} */ ...clips) {
  let count = 0;
  return { find: () => clips[Math.min(count++, clips.length - 1)], seen: () => count };
}

const pause = async () => {};

test("a clip is loaded once it has a picture, and failed by its error or for want of a source", () => {
  assert.equal(clipState(LOADED), "loaded");
  assert.equal(clipState({ ...WAITING, readyState: 4 }), "loaded");
  assert.equal(clipState({ ...WAITING, readyState: 1 }), "loading");
  assert.equal(clipState(FAILED), "error");
  assert.equal(clipState({ ...WAITING, networkState: 3 }), "error");
  assert.equal(clipState(null), "missing");
});

test("a browser is asked for H.264 alone and with AAC", () => {
  /** @type {string[]} */
  const asked = [];
  /** @type {(type: string) => CanPlayTypeResult} */
  const canPlayType = type => {
    asked.push(type);
    return type.includes("mp4a") ? "" : "probably";
  };
  assert.deepEqual(playable({ canPlayType }), { video: "probably", sound: "" });
  assert.ok(asked.every(type => type.startsWith('video/mp4; codecs="avc1.')));
});

test("it ends as soon as all clips are sure", async () => {
  const path = looks(WAITING, WAITING, LOADED);
  const data = looks(LOADED);
  const found = await watchClips(["path", "data"], name => (name === "path" ? path : data).find(), pause);
  assert.deepEqual(found, { path: "loaded", data: "loaded" });
  assert.equal(path.seen(), 3);
  assert.equal(data.seen(), 1, "one that is loaded is not looked at again");
});

test("an error that passes is none: the page may first ask for the wrong address", async () => {
  const clip = looks(FAILED, FAILED, WAITING, LOADED);
  assert.deepEqual(await watchClips(["path"], clip.find, pause), { path: "loaded" });
});

test("an error that stays is one, long before the last look", async () => {
  const clip = looks(FAILED);
  assert.deepEqual(await watchClips(["path"], clip.find, pause), { path: "error" });
  assert.equal(clip.seen(), 8);
});

test("a clip that is not found or never loads is told as such after the last look", async () => {
  for (const [clip, state] of /** @type {[Clip | null, string][]} */ ([
    [null, "missing"],
    [WAITING, "loading"],
  ])) {
    const kept = looks(clip);
    assert.deepEqual(await watchClips(["path"], kept.find, pause), { path: state });
    assert.equal(kept.seen(), 32);
  }
});

test("without clips there is nothing to wait for", async () => {
  assert.deepEqual(await watchClips([], () => null, pause), {});
});
