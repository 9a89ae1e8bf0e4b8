// @ts-check
// What the doctor asks of the page: what its browser says that it plays, and which of two clips it loads.
/** @import { WidgetModel } from "./kernel.js" */

/** @typedef {Pick<HTMLVideoElement, "error" | "networkState" | "readyState">} Clip */
/** @typedef {"loaded" | "error" | "loading" | "missing"} ClipState */

const VIDEO = 'video/mp4; codecs="avc1.42E01E"';
const VIDEO_AND_SOUND = 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"';
/** Milliseconds between two looks, and how many looks there are at most. */
const PAUSE = 250;
const LOOKS = 32;
/** So many looks in a row a clip has to have failed: a page may ask for the wrong address before it has the right one. */
const FAILURES = 8;
const HAVE_CURRENT_DATA = 2;
const NETWORK_NO_SOURCE = 3;

/**
 * Return what a browser says of H.264 in MP4, alone and with AAC sound: probably, maybe, or nothing.
 * @param {Pick<HTMLVideoElement, "canPlayType">} video
 */
export const playable = video => ({ video: video.canPlayType(VIDEO), sound: video.canPlayType(VIDEO_AND_SOUND) });

/**
 * Return how a clip stands at this moment.
 * @param {Clip | null | undefined} clip
 * @returns {ClipState}
 */
export function clipState(clip) {
  if (!clip) return "missing";
  if (clip.readyState >= HAVE_CURRENT_DATA) return "loaded";
  return clip.error || clip.networkState === NETWORK_NO_SOURCE ? "error" : "loading";
}

/**
 * Return how each clip has come out: as soon as all are sure, or after the last look.
 * @param {string[]} names
 * @param {(name: string) => Clip | null | undefined} find
 * @param {() => Promise<unknown>} pause
 * @returns {Promise<Record<string, ClipState>>}
 */
export async function watchClips(names, find, pause) {
  /** @type {Record<string, ClipState>} */
  const states = {};
  /** @type {Record<string, number>} */
  const failures = {};
  for (let look = 0; look < LOOKS; look++) {
    for (const name of names) {
      if (states[name] !== "loaded") states[name] = clipState(find(name));
      failures[name] = states[name] === "error" ? (failures[name] ?? 0) + 1 : 0;
    }
    if (names.every(name => states[name] === "loaded" || failures[name] >= FAILURES)) break;
    await pause();
  }
  return states;
}

/**
 * Return the clip of a title, wherever the page keeps its outputs.
 * @type {(el: HTMLElement, title: string) => HTMLVideoElement | undefined}
 */
function clipOf(el, title) {
  const roots = /** @type {ParentNode[]} */ ([document, el.getRootNode()]);
  const videos = roots.flatMap(root => [...root.querySelectorAll("video")]);
  return videos.find(video => video.title === title);
}

/** @param {{ model: WidgetModel, el: HTMLElement }} view */
function render({ model, el }) {
  el.hidden = true;
  let isGone = false;
  const titles = /** @type {Record<string, string>} */ (model.get("titles") ?? {});
  const pause = () => new Promise(done => setTimeout(done, PAUSE));
  watchClips(Object.keys(titles), name => clipOf(el, titles[name]), pause).then(clips => {
    const plays = playable(document.createElement("video"));
    if (!isGone) model.send({ kind: "page", agent: navigator.userAgent, plays, clips });
  });
  return () => {
    isGone = true;
  };
}

export default { render };
