// @ts-check
// The stage: keyframes on mirrored surfaces, seen by the camera, and the outlines over them.
/** @import { Camera, Matrix, Pair } from "./camera.js" */
import {
  cornersOf,
  homography,
  inverse,
  matrix3d,
  product,
  seenFrom,
  seenOf,
  shift,
  through,
  weights,
} from "./camera.js";
import { make, vector } from "./dom.js";
import { FACTS, MOVES } from "./facts.js";

/**
 * @typedef {{ width: number, height: number }} Size In pixels of the page.
 * @typedef {{ bitmap: ImageBitmap, time: number }} Picture A keyframe, and its time in the shot.
 * @typedef {{ camera: Camera, path: boolean, crop: boolean }} Scene What a view shows: the path's lines, or the crop.
 * @typedef {{ canvas: HTMLCanvasElement, origin: Matrix }} Patch
 */

// A patch of the endlessly mirrored picture is five frames wide. The first one, around the picture itself, holds every
// view of a first or middle keyframe (2.4 frames from the centre at most). A last keyframe seen from the start of a
// strong move reaches up to 6.5: then further patches lie four frames apart, each over the edge of the next, because
// patches side by side would show a seam, and one large surface would reach behind the camera, where browsers give up.
const PATCH = 5;
const APART = 4;
const FURTHEST = 2;
// pixels of a patch at most: the first one, those far away
const SHARP = 8e6;
const COARSE = 2e6;
// of a view on the page, in pixels; one that is wider than it is high may be as high as 5:3 is at the widest
const WIDEST = 560;
const TALLEST = 320;
const TALLEST_WIDE = 336;
const HAIR = 1e-6;
/** Pixels between two views side by side. */
export const GAP = 8;

/**
 * Return the size of the frame on the screen: all the room there is, up to a limit.
 * @type {(room: number, frame: [number, number], count: number) => Size}
 */
export function frameSize(room, [wide, high], count) {
  const share = (room - (count - 1) * GAP) / count;
  const tallest = wide > high ? TALLEST_WIDE : TALLEST;
  const width = Math.min(share, WIDEST, (tallest * wide) / high);
  // a hair more, so that 400 pixels at 5:3 are 240 high, and not 239.99
  return { width: Math.floor(width + HAIR), height: Math.floor((width * high) / wide + HAIR) };
}

/** @type {(canvas: HTMLCanvasElement) => CanvasRenderingContext2D} */
const drawingOn = canvas => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/**
 * Return the picture, cut to the frame at its centre.
 * @type {(bitmap: ImageBitmap, width: number, height: number) => HTMLCanvasElement}
 */
function frameOf(bitmap, width, height) {
  const canvas = make("canvas", { width, height });
  const context = drawingOn(canvas);
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  return canvas;
}

/**
 * Return the frame with its mirror images around it, as sharp as the screen shows and as the budget of pixels allows.
 * @type {(bitmap: ImageBitmap, size: Size, pixels: number) => HTMLCanvasElement}
 */
function patchOf(bitmap, { width, height }, pixels) {
  const sharpness = Math.min(devicePixelRatio || 1, Math.sqrt(pixels / (PATCH * PATCH * width * height)));
  const [w, h] = [width, height].map(side => Math.max(1, Math.round(side * sharpness)));
  const frame = frameOf(bitmap, w, h);
  const canvas = make("canvas", { width: PATCH * w, height: PATCH * h, className: "rnb-surface" });
  canvas.style.cssText = `width:${PATCH * width}px;height:${PATCH * height}px`;
  const context = drawingOn(canvas);
  for (let row = 0; row < PATCH; row++) {
    for (let column = 0; column < PATCH; column++) {
      const [right, down] = [column % 2, row % 2]; // the picture itself is at 2, 2
      context.setTransform(right ? -1 : 1, 0, 0, down ? -1 : 1, (column + right) * w, (row + down) * h);
      context.drawImage(frame, 0, 0);
    }
  }
  return canvas;
}

/**
 * Return which patches of a row hold what is seen from `low` to `high`, in frames from the centre.
 * @type {(low: number, high: number) => number[]}
 */
export function patchesBetween(low, high) {
  const first = Math.max(-FURTHEST, Math.floor((low + PATCH / 2) / APART));
  const last = Math.min(FURTHEST, Math.ceil((high - PATCH / 2) / APART));
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** One keyframe in a view. */
class Layer {
  /**
   * @param {Picture} picture
   * @param {Size} size
   */
  constructor({ bitmap, time }, size) {
    this.bitmap = bitmap;
    this.time = time;
    this.size = size;
    /** @type {Map<string, Patch>} */
    this.patches = new Map();
    this.node = make("div", { className: "rnb-layer" });
    this.patch(0, 0);
  }

  /** @type {(camera: Camera, t: number, opacity: number) => void} */
  draw(camera, t, opacity) {
    this.node.style.visibility = opacity ? "visible" : "hidden";
    this.node.style.opacity = String(opacity);
    if (!opacity) return;
    const { width, height } = this.size;
    const matrix = seenFrom(camera, t, this.time, width, height);
    const [across, down] = seenOf(matrix, width, height).map(range => patchesBetween(...range));
    const seen = new Set(down.flatMap(row => across.map(column => this.patch(column, row))));
    for (const patch of this.patches.values()) {
      patch.canvas.style.display = seen.has(patch) ? "" : "none";
      if (seen.has(patch)) patch.canvas.style.transform = matrix3d(product(matrix, patch.origin));
    }
  }

  /** @type {(column: number, row: number) => Patch} */
  patch(column, row) {
    const key = `${column} ${row}`;
    const known = this.patches.get(key);
    if (known) return known;
    const canvas = patchOf(this.bitmap, this.size, column || row ? COARSE : SHARP);
    const [x, y] = [column, row].map(index => APART * index - (PATCH - 1) / 2);
    const made = { canvas, origin: shift(x * this.size.width, y * this.size.height) };
    this.patches.set(key, made);
    this.node.prepend(canvas); // the first one stays on top: it is the sharpest
    return made;
  }
}

/** The lines over the picture: where the camera goes, or what the frame keeps of the picture. */
class Overlay {
  constructor() {
    this.start = vector("polygon", { class: "rnb-start" });
    this.end = vector("polygon", { class: "rnb-end" });
    this.line = vector("polyline", { class: "rnb-path" });
    this.dot = vector("circle", { class: "rnb-dot", r: 2.5 });
    this.path = vector("g", {}, this.line, this.dot, this.start, this.end);
    this.shade = vector("path", { class: "rnb-shade", "fill-rule": "evenodd" });
    this.kept = vector("path", { class: "rnb-end" });
    this.cut = vector("g", {}, this.shade, this.kept);
    this.node = vector("svg", { class: "rnb-overlay", "aria-hidden": "true" }, this.path, this.cut);
  }

  /** @type {(path: boolean, cut: boolean) => void} */
  show(path, cut) {
    this.path.style.display = path ? "" : "none";
    this.cut.style.display = cut ? "" : "none";
  }

  /** @type {(camera: Camera, t: number, size: Size) => void} */
  drawPath(camera, t, { width, height }) {
    const now = homography(camera, t, width, height);
    /** @type {(time: number) => Matrix} */
    const from = time => product(now, inverse(homography(camera, time, width, height)));
    const corners = cornersOf(width - 2, height - 2).map(([x, y]) => /** @type {Pair} */ ([x + 1, y + 1]));
    const centres = Array.from({ length: 13 }, (_, step) => through(from(step / 12), [width / 2, height / 2]));
    /** @type {(list: Pair[]) => string} */
    const points = list => list.map(point => point.map(value => value.toFixed(1)).join()).join(" ");
    this.start.setAttribute("points", points(corners.map(corner => through(now, corner))));
    this.end.setAttribute("points", points(corners.map(corner => through(from(1), corner))));
    this.line.setAttribute("points", points(centres));
    this.dot.setAttribute("cx", String(centres[12][0]));
    this.dot.setAttribute("cy", String(centres[12][1]));
  }

  /** @type {(bitmap: ImageBitmap, size: Size) => void} */
  drawCut(bitmap, { width, height }) {
    const whole = Math.min(width / bitmap.width, height / bitmap.height);
    const part = whole / Math.max(width / bitmap.width, height / bitmap.height);
    /** @type {(w: number, h: number) => string} */
    const box = (w, h) => `M${(width - w) / 2} ${(height - h) / 2}h${w}v${h}h${-w}z`;
    const [w, h] = [width * part, height * part];
    this.shade.setAttribute("d", box(bitmap.width * whole, bitmap.height * whole) + box(w, h));
    this.kept.setAttribute("d", box(w - 2, h - 2));
  }
}

/**
 * Return the opacity of a layer: what lies lowest stays opaque, or the background would shine through a cross-dissolve.
 * @type {(shares: number[], index: number) => number}
 */
export function opacityOf(shares, index) {
  const isLowest = !shares.slice(0, index).some(Boolean);
  return shares[index] && isLowest ? 1 : shares[index];
}

/** The stage at one moment of the shot. */
export class View {
  /**
   * @param {Picture[]} pictures
   * @param {Size} size
   * @param {string} label
   */
  constructor(pictures, size, label = "") {
    this.size = size;
    this.layers = pictures.map(picture => new Layer(picture, size));
    this.overlay = new Overlay();
    this.whole = make("canvas", { className: "rnb-whole" });
    this.node = make("div", { className: "rnb-view" }, ...this.layers.map(layer => layer.node), this.whole);
    this.node.append(this.overlay.node);
    if (label) this.node.append(make("span", { className: "rnb-when", textContent: label }));
    this.node.style.cssText = `width:${size.width}px;height:${size.height}px`;
    this.overlay.node.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  }

  /** @type {(scene: Scene, t: number) => void} */
  draw({ camera, path, crop }, t) {
    const shares = weights(
      t,
      this.layers.map(layer => layer.time),
    );
    this.layers.forEach((layer, index) => {
      layer.draw(camera, t, crop ? 0 : opacityOf(shares, index));
    });
    const moves = MOVES.some(move => camera[move]);
    this.overlay.show(path && moves && !crop, crop);
    this.whole.hidden = !crop;
    if (crop) this.drawCut(this.layers[shares.indexOf(Math.max(...shares))].bitmap);
    else if (path && moves) this.overlay.drawPath(camera, t, this.size);
  }

  /** @type {(bitmap: ImageBitmap) => void} */
  drawCut(bitmap) {
    const { width, height } = this.size;
    const sharpness = devicePixelRatio || 1;
    Object.assign(this.whole, { width: width * sharpness, height: height * sharpness });
    const scale = Math.min(this.whole.width / bitmap.width, this.whole.height / bitmap.height);
    const [w, h] = [bitmap.width * scale, bitmap.height * scale];
    const context = drawingOn(this.whole);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, (this.whole.width - w) / 2, (this.whole.height - h) / 2, w, h);
    this.overlay.drawCut(bitmap, this.size);
  }
}

/**
 * Return the keyframes that were chosen, decoded; what is no picture, or has no time, is left out.
 * @type {(data: (position: string) => DataView<ArrayBuffer> | undefined, times: Record<string, number>) => Promise<Picture[]>}
 */
export async function decode(data, times) {
  const chosen = FACTS.positions.flatMap(position => {
    const [bytes, time] = [data(position), times[position]];
    return bytes?.byteLength && time !== undefined ? [{ bytes, time }] : [];
  });
  const decoded = chosen.map(async ({ bytes, time }) => {
    try {
      return [{ time, bitmap: await createImageBitmap(new Blob([bytes])) }];
    } catch {
      return [];
    }
  });
  return (await Promise.all(decoded)).flat();
}
