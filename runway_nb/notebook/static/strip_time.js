// @ts-check
// Time in a grid of clips: one clock for all, and the frame that each film strip shows at its time. Pure functions.

/**
 * A clip as small frames in one picture, row by row; the last frame shows the end of the clip.
 * @typedef {{ frames: number, columns: number, width: number, height: number, seconds: number }} Measures
 */

/** Frames that differ in less than this share of a step are taken for the earlier one's successor. */
const SLACK = 1e-6;

/**
 * Return the number of the frame that a strip shows at a time in seconds; of a shorter clip the last one stays.
 * @type {(strip: Measures, seconds: number) => number}
 */
export function frameAt({ frames, seconds: length }, seconds) {
  if (frames < 2 || length <= 0) return 0;
  const share = Math.min(1, Math.max(0, seconds / length));
  return Math.min(frames - 1, Math.floor(share * (frames - 1) + 0.5 + SLACK));
}

/**
 * Return where a frame lies in its strip, as shares of the whole picture: left, top, width and height.
 * @type {(strip: Measures, frame: number) => [number, number, number, number]}
 */
export function placeInStrip({ frames, columns }, frame) {
  const rows = Math.ceil(frames / columns);
  return [(frame % columns) / columns, Math.floor(frame / columns) / rows, 1 / columns, 1 / rows];
}

/**
 * Return where a picture of one shape lies in a box of another, whole and centred: left, top, width and height.
 * @type {(width: number, height: number, boxWidth: number, boxHeight: number) => [number, number, number, number]}
 */
export function contained(width, height, boxWidth, boxHeight) {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  const [w, h] = [width * scale, height * scale];
  return [(boxWidth - w) / 2, (boxHeight - h) / 2, w, h];
}

/** One time for all clips, which runs while it plays and stops at the end of the longest. */
export class Clock {
  /** @param {number} share Of the length, at which it begins. */
  constructor(share = 0) {
    this.share = share;
    this.length = 0;
    this.isPlaying = false;
    this.before = 0;
  }

  /** The time in seconds. */
  get seconds() {
    return this.share * this.length;
  }

  /** @param {number} seconds Of the longest clip. */
  setLength(seconds) {
    this.length = seconds;
    if (!seconds) this.pause();
  }

  /** @param {number} share */
  seek(share) {
    this.pause();
    this.share = Math.min(1, Math.max(0, share));
  }

  play() {
    if (!this.length) return;
    if (this.share >= 1) this.share = 0;
    this.isPlaying = true;
    this.before = 0;
  }

  pause() {
    this.isPlaying = false;
  }

  /**
   * Go on to a moment of the page, in milliseconds; the first one after play only begins to count.
   * @param {number} now
   */
  tick(now) {
    if (!this.isPlaying) return;
    if (this.before) this.share = Math.min(1, this.share + Math.max(0, now - this.before) / 1000 / this.length);
    this.before = now;
    if (this.share >= 1) this.pause();
  }
}
