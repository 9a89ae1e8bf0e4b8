// @ts-check
// Draws film strips on canvases, all from one call: what is out of sight is neither drawn nor kept decoded.
import { contained, frameAt, placeInStrip } from "./strip_time.js";

/** @import { Measures } from "./strip_time.js" */

/** @typedef {Measures & { picture: Blob }} Strip */
/**
 * @typedef {object} Painted One canvas.
 * @property {HTMLCanvasElement} canvas
 * @property {Strip | undefined} strip
 * @property {ImageBitmap | undefined} bitmap
 * @property {number} wide Pixels of a frame in the bitmap.
 * @property {boolean} isSeen
 * @property {boolean} isLoading
 * @property {string} drawn What was drawn last.
 */

/** By which a cell has to grow before its strip is decoded anew. */
const GROWN = 1.3;
/** How far beyond the edge of the page a strip is decoded. */
const MARGIN = "300px";

/**
 * Return how many pixels wide a frame of a strip is decoded: as many as are shown, never more than it has.
 * @type {(strip: Measures, room: number, density: number) => number}
 */
export const decodedWidth = (strip, room, density) => Math.max(1, Math.min(strip.width, Math.ceil(room * density)));

export class StripPainter {
  /**
   * @param {() => void} changed Called when something has to be drawn again.
   * @param {AbortSignal} signal Ends it.
   */
  constructor(changed, signal) {
    this.changed = changed;
    /** @type {Map<Element, Painted>} */
    this.painted = new Map();
    this.sight = new IntersectionObserver(entries => this.look(entries), { rootMargin: MARGIN });
    this.sizes = new ResizeObserver(entries => {
      for (const { target } of entries) this.fit(this.painted.get(target));
      this.changed();
    });
    signal.addEventListener("abort", () => this.end());
  }

  /** @param {HTMLCanvasElement} canvas */
  watch(canvas) {
    const entry = { canvas, strip: undefined, bitmap: undefined, wide: 0, isSeen: false, isLoading: false, drawn: "" };
    this.painted.set(canvas, entry);
    this.sight.observe(canvas);
    this.sizes.observe(canvas);
  }

  /** @type {(canvas: HTMLCanvasElement, strip: Strip | undefined) => void} */
  give(canvas, strip) {
    const entry = this.painted.get(canvas);
    if (!entry || entry.strip === strip) return;
    entry.strip = strip;
    this.drop(entry);
    this.load(entry);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  look(entries) {
    for (const { target, isIntersecting } of entries) {
      const entry = this.painted.get(target);
      if (!entry) continue;
      entry.isSeen = isIntersecting;
      if (isIntersecting) this.load(entry);
      else this.drop(entry);
    }
  }

  /** @param {Painted | undefined} entry */
  fit(entry) {
    if (!entry?.canvas.clientWidth) return;
    const { canvas } = entry;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      entry.drawn = "";
    }
    if (entry.strip && entry.bitmap && this.wanted(entry, entry.strip) > entry.wide * GROWN) this.load(entry);
  }

  /** @type {(entry: Painted, strip: Strip) => number} */
  wanted(entry, strip) {
    return decodedWidth(strip, entry.canvas.clientWidth, devicePixelRatio);
  }

  /** @param {Painted} entry */
  async load(entry) {
    const { strip } = entry;
    if (!strip || !entry.isSeen || entry.isLoading) return;
    entry.isLoading = true;
    const wide = this.wanted(entry, strip);
    try {
      const resizeWidth = wide * strip.columns;
      const bitmap = await createImageBitmap(strip.picture, { resizeWidth, resizeQuality: "medium" });
      const isLate = entry.strip !== strip || !entry.isSeen || !this.painted.has(entry.canvas);
      if (isLate) bitmap.close();
      else {
        this.drop(entry);
        Object.assign(entry, { bitmap, wide });
        this.fit(entry);
        this.changed();
      }
    } catch {
      // a picture that cannot be decoded leaves the cell with its words
    } finally {
      entry.isLoading = false;
    }
    if (entry.strip !== strip) this.load(entry);
  }

  /** @param {Painted} entry */
  drop(entry) {
    entry.bitmap?.close();
    entry.bitmap = undefined;
    entry.drawn = "";
  }

  /**
   * Draw every strip in sight at a time.
   * @param {number} seconds
   */
  draw(seconds) {
    for (const entry of this.painted.values()) {
      const { canvas, strip, bitmap } = entry;
      if (!strip || !bitmap || !entry.isSeen || !canvas.width) continue;
      const frame = frameAt(strip, seconds);
      const key = `${frame} ${canvas.width} ${canvas.height}`;
      if (key === entry.drawn) continue;
      entry.drawn = key;
      const [left, top, width, height] = placeInStrip(strip, frame);
      const [x, y, w, h] = [left * bitmap.width, top * bitmap.height, width * bitmap.width, height * bitmap.height];
      const context = canvas.getContext("2d");
      context?.clearRect(0, 0, canvas.width, canvas.height);
      const box = contained(strip.width, strip.height, canvas.width, canvas.height);
      context?.drawImage(bitmap, x, y, w, h, ...box);
      canvas.dataset.frame = String(frame);
    }
  }

  end() {
    this.sight.disconnect();
    this.sizes.disconnect();
    for (const entry of this.painted.values()) this.drop(entry);
    this.painted.clear();
  }
}
