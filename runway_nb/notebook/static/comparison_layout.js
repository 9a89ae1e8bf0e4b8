// @ts-check
// Where compared clips stand, and what of them is seen: sizes, places and the divider of a wipe. Pure functions.

/** @typedef {{ width: number, height: number }} Size */

/** Pixels between two clips. */
export const SPACE = 12;
/** Pixels of a caption above a clip, about. */
const CAPTION = 40;
/** How far one press of an arrow key moves the divider, of the whole width. */
export const DIVIDER_STEP = 0.02;

/**
 * Return how large a shape is that fills a room as far as it can.
 * @type {(shape: Size, room: Size) => Size}
 */
export function fitted(shape, room) {
  const scale = Math.min(room.width / shape.width, room.height / shape.height);
  return { width: Math.max(1, Math.round(shape.width * scale)), height: Math.max(1, Math.round(shape.height * scale)) };
}

/** The part of the largest width for which more of them stand beside each other. */
const ENOUGH = 0.6;

/**
 * Return in how many columns clips stand: as many beside each other as do not make them much smaller.
 * @type {(room: Size, count: number, shape: Size) => number}
 */
export function bestColumns(room, count, shape) {
  const widths = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    if (count % columns) return 0; // a row would not be full
    const rows = count / columns;
    const width = (room.width - SPACE * (columns - 1)) / columns;
    const height = room.height / rows - CAPTION;
    return fitted(shape, { width: Math.max(1, width), height: Math.max(1, height) }).width;
  });
  const enough = ENOUGH * Math.max(...widths);
  return widths.length - [...widths].reverse().findIndex(width => width >= enough);
}

/**
 * Return whether two shapes are the same, but for rounding.
 * @type {(one: Size, other: Size) => boolean}
 */
export const isSameShape = (one, other) => Math.abs(one.width / one.height - other.width / other.height) < 0.02;

/**
 * Return the place of a divider, 0 to 1, after it was moved.
 * @type {(place: number, by: number) => number}
 */
export const movedDivider = (place, by) => Math.min(1, Math.max(0, Math.round((place + by) * 1000) / 1000));

/**
 * Return where a divider stands, 0 to 1, under a pointer.
 * @type {(pointer: number, left: number, width: number) => number}
 */
export const dividerAt = (pointer, left, width) => movedDivider(width > 0 ? (pointer - left) / width : 0, 0);

/**
 * Return where a divider stands, in words.
 * @type {(place: number, left: string, right: string) => string}
 */
export function dividerText(place, left, right) {
  const percent = Math.round(place * 100);
  return `${left} ${percent} %, ${right} ${100 - percent} %`;
}
