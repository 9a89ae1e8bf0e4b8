// The camera model of runway_nb/camera.py, the same numbers: CAMERA, its constants, is written by preview.py.
// Matrices are 3x3, nine numbers row by row; coordinates are pixels, x right, y down.

const MOVES = CAMERA.moves;

function timesMatrix(p, q) {
  const cell = (row, column) => p[row] * q[column] + p[row + 1] * q[column + 3] + p[row + 2] * q[column + 6];
  return [0, 3, 6].flatMap(row => [0, 1, 2].map(column => cell(row, column)));
}

const product = (...matrices) => matrices.reduce(timesMatrix);

const shift = (x, y) => [1, 0, x, 0, 1, y, 0, 0, 1];

function inverse([a, b, c, d, e, f, g, h, i]) {
  const adjugate = [
    e * i - f * h, c * h - b * i, b * f - c * e,
    f * g - d * i, a * i - c * g, c * d - a * f,
    d * h - e * g, b * g - a * h, a * e - b * d,
  ];
  const determinant = a * adjugate[0] + b * adjugate[3] + c * adjugate[6];
  return adjugate.map(value => value / determinant);
}

/** The point (x, y) through a homography. */
function through([a, b, c, d, e, f, g, h, i], [x, y]) {
  const w = g * x + h * y + i;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
}

/** Smoothstep over 0..1: rest, glide, rest. */
function ease(t) {
  const part = Math.min(1, Math.max(0, t));
  return part * part * (3 - 2 * part);
}

/** Roll, pitch and yaw in the order of the product: pan acts first and stays level. */
function turns(yaw, pitch, roll) {
  const { cos, sin } = Math;
  return product(
    [cos(roll), sin(roll), 0, -sin(roll), cos(roll), 0, 0, 0, 1],
    [1, 0, 0, 0, cos(pitch), sin(pitch), 0, -sin(pitch), cos(pitch)],
    [cos(yaw), 0, -sin(yaw), 0, 1, 0, sin(yaw), 0, cos(yaw)],
  );
}

/** Where the camera sees a point of the still picture at time t (0..1), pixels to pixels. */
function homography(camera, t, width, height) {
  const glide = ease(t) / CAMERA.limit;
  const [x, y, z, pan, tilt, roll] = MOVES.map(move => (camera[move] || 0) * glide);
  const focal = Math.max(width, height);
  const distance = focal * Math.exp(-(z > 0 ? CAMERA.dollyIn : CAMERA.dollyOut) * z);
  return product(
    shift(width / 2, height / 2),
    [focal, 0, 0, 0, focal, 0, 0, 0, 1],
    turns(CAMERA.yaw * pan, CAMERA.pitch * tilt, CAMERA.roll * roll),
    [1, 0, -CAMERA.truck * x * width, 0, 1, CAMERA.pedestal * y * height, 0, 0, distance],
    shift(-width / 2, -height / 2),
  );
}

/** The homography of a keyframe pinned to a time: the identity at that time. */
function seenFrom(camera, t, pinned, width, height) {
  return product(homography(camera, t, width, height), inverse(homography(camera, pinned, width, height)));
}

/** How much of each keyframe, pinned at increasing times, is seen at time t. */
function weights(t, times) {
  const found = times.findIndex(time => t < time);
  const after = found < 0 ? times.length : found;
  if (after === 0 || after === times.length) {
    return times.map((_, index) => Number(index === Math.min(after, times.length - 1)));
  }
  const share = ease((t - times[after - 1]) / (times[after] - times[after - 1]));
  return times.map((_, index) => (index === after ? share : index === after - 1 ? 1 - share : 0));
}

/** What a view sees of the picture, across and down: from where to where, in frames from its centre. */
function seenOf(matrix, width, height) {
  const back = inverse(matrix);
  const corners = cornersOf(width, height).map(corner => through(back, corner));
  const range = values => [Math.min(...values) - 0.5, Math.max(...values) - 0.5];
  return [range(corners.map(([x]) => x / width)), range(corners.map(([, y]) => y / height))];
}

const cornersOf = (width, height) => [[0, 0], [width, 0], [width, height], [0, height]];

/** A homography as CSS, for an element whose transform-origin is its top left corner. */
function matrix3d([a, b, c, d, e, f, g, h, i]) {
  return `matrix3d(${[a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i].map(value => value / i).join(",")})`;
}
