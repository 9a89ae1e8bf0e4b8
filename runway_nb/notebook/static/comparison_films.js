// @ts-check
// The strips of compared clips as they come from the kernel, decoded once each.
/** @import { Film } from "./comparison_painter.js" */
/** @import { Measures } from "./strip_time.js" */

/** @typedef {Measures & { kind: string, number: number }} StripMessage */

export class Films {
  /**
   * @param {number} count How many clips there are.
   * @param {() => void} changed Called after one more is there.
   */
  constructor(count, changed) {
    /** @type {(Film | null)[]} */
    this.films = Array.from({ length: count }, () => null);
    this.changed = changed;
    this.isGone = false;
  }

  /** All films once the last one is there; nothing before. */
  get all() {
    const there = this.films.filter(film => film !== null);
    return there.length === this.films.length ? there : [];
  }

  /** The numbers of those that are there already. */
  get held() {
    return this.films.flatMap((film, number) => (film ? [number] : []));
  }

  /**
   * Take a strip in; one that comes again takes the place of the first.
   * @type {(message: StripMessage, buffer: DataView | undefined) => Promise<void>}
   */
  async take({ number, frames, columns, width, height, seconds }, buffer) {
    if (!buffer || !(number in this.films)) return;
    const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const sheet = await createImageBitmap(new Blob([bytes.slice()], { type: "image/jpeg" }));
    if (this.isGone) {
      sheet.close();
      return;
    }
    this.films[number]?.sheet.close();
    this.films[number] = { frames, columns, width, height, seconds, sheet };
    this.changed();
  }

  /** Let go of the pictures. */
  close() {
    this.isGone = true;
    for (const film of this.films) film?.sheet.close();
    this.films.fill(null);
  }
}
