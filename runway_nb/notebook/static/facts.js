// @ts-check
// What Python and the page both need to know. Python writes RUNWAY_FACTS in front of the joined modules
// (panel/script.py); no module has a copy of a number that stands there.

/**
 * @typedef {object} Facts
 * @property {CameraFacts} camera
 * @property {string[]} positions Of keyframes, in the order of time.
 * @property {[string, string][]} languages In which a request can be written as code, each with its title.
 * @property {{ piece: number, largest: number }} upload Bytes of one message and of a picture, at most.
 * @property {string} jobTitle What the title of a job's id begins with in a result.
 */

/**
 * @typedef {object} CameraFacts
 * @property {string[]} moves
 * @property {number} limit Every move goes from -limit to limit.
 * @property {number} decimals Digits after the point of a slider's value.
 * @property {Record<string, [string, string]>} directions What the two ends of each slider mean.
 * @property {number} truck
 * @property {number} pedestal
 * @property {number} dollyIn
 * @property {number} dollyOut
 * @property {number} yaw
 * @property {number} pitch
 * @property {number} roll
 */

/** @type {Facts} */
export const FACTS = RUNWAY_FACTS;
export const MOVES = FACTS.camera.moves;
