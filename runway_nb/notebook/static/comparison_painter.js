// @ts-check
// Compared clips on a canvas: a frame of one, two with a divider between them, or the picture of their difference.
import { contained, frameAt, placeInStrip } from "./strip_time.js";

/** @import { Size } from "./comparison_layout.js" */
/** @import { Measures } from "./strip_time.js" */

/** @typedef {Measures & { sheet: ImageBitmap }} Film A strip whose picture has been decoded. */
/** @typedef {CanvasRenderingContext2D} Context */

const BLACK = "#000";
const LINE = "#fff";

/**
 * Draw the frame that a clip shows at a time, whole, in the middle of a room.
 * @type {(context: Context, film: Film, t: number, room: Size) => void}
 */
function drawFrame(context, film, t, room) {
  const { sheet } = film;
  const [left, top, width, height] = placeInStrip(film, frameAt(film, t));
  const from = /** @type {const} */ ([
    left * sheet.width,
    top * sheet.height,
    width * sheet.width,
    height * sheet.height,
  ]);
  context.drawImage(sheet, ...from, ...contained(film.width, film.height, room.width, room.height));
}

/**
 * Begin a picture: black, and the size of the canvas.
 * @param {Context} context
 * @returns {Size}
 */
function beginPicture(context) {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = "source-over";
  context.imageSmoothingQuality = "high";
  context.fillStyle = BLACK;
  context.fillRect(0, 0, width, height);
  return { width, height };
}

/**
 * Paint one clip, in the middle of the canvas.
 * @type {(context: Context, film: Film, t: number) => void}
 */
export function paintClip(context, film, t) {
  const room = beginPicture(context);
  drawFrame(context, film, t, room);
}

/**
 * Paint one clip on the left of a divider and another on its right.
 * @type {(context: Context, left: Film, right: Film, t: number, place: number) => void}
 */
export function paintWipe(context, left, right, t, place) {
  const room = beginPicture(context);
  const at = Math.round(place * room.width);
  drawFrame(context, right, t, room);
  context.save();
  context.beginPath();
  context.rect(0, 0, at, room.height);
  context.clip();
  context.fillRect(0, 0, at, room.height);
  drawFrame(context, left, t, room);
  context.restore();
  const thick = Math.max(2, Math.round(devicePixelRatio * 2));
  context.fillRect(at - thick, 0, thick * 2, room.height);
  context.fillStyle = LINE;
  context.fillRect(at - thick / 2, 0, thick, room.height);
}

/**
 * Paint how far two clips differ in each point: black where they are equal, brighter the more they differ.
 * @type {(context: Context, one: Film, other: Film, t: number, doublings: number) => void}
 *   doublings: how often the brightness is doubled, so that small differences are seen.
 */
export function paintDifference(context, one, other, t, doublings) {
  const room = beginPicture(context);
  drawFrame(context, one, t, room);
  context.globalCompositeOperation = "difference";
  drawFrame(context, other, t, room);
  // a difference of colours has a colour of its own, which says nothing: its brightness stays
  context.globalCompositeOperation = "saturation";
  context.fillRect(0, 0, room.width, room.height);
  context.globalCompositeOperation = "lighter";
  for (let count = 0; count < doublings; count++) context.drawImage(context.canvas, 0, 0);
  context.globalCompositeOperation = "source-over";
}

/** Pixels from which the mean of a difference is taken. */
const SAMPLE = { width: 80, height: 48 };

/**
 * Return how far two clips differ on average, from 0 to 1, where they are laid over each other.
 * @type {(context: Context, one: Film, other: Film, t: number) => number}
 *   context: of a canvas that is not shown.
 */
export function meanDifference(context, one, other, t) {
  Object.assign(context.canvas, SAMPLE);
  paintDifference(context, one, other, t, 0);
  const { data } = context.getImageData(0, 0, SAMPLE.width, SAMPLE.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += data[at] + data[at + 1] + data[at + 2];
  return sum / (SAMPLE.width * SAMPLE.height * 3 * 255);
}
