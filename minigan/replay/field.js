// The field of a game of points: a heat map of what D thinks of each place, and the points that G draws.

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  const rgb = (name) => read(name).slice(1).match(/../g).map((part) => parseInt(part, 16));
  return { map: [rgb("--fake"), rgb("--unsure"), rgb("--real")], points: read("--points"), modes: read("--modes") };
}

// The heat map as a small canvas, one pixel for each place. `values` (rows, side) lie in [0, 1], and row 0 has the
// smallest y, so it becomes the lowest row.
function heatMap(values, side, map) {
  const rows = values.length / side, canvas = document.createElement("canvas");
  const context = setSize(canvas, side, rows), pixels = context.createImageData(side, rows);
  values.forEach((value, i) => {
    const at = 4 * ((rows - 1 - Math.floor(i / side)) * side + (i % side));
    const [from, to] = value < 0.5 ? [map[0], map[1]] : [map[1], map[2]];
    const share = value < 0.5 ? 2 * value : 2 * value - 1;
    for (let k = 0; k < 3; k++) pixels.data[at + k] = from[k] + share * (to[k] - from[k]);
    pixels.data[at + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
}

// Draw a state { values, side, points: [[x, y], ...], reach } of the game on a square canvas whose axes reach `view`.
// `modes` { centres, radius } marks where the modes of the data lie; it may be null.
function drawField(canvas, { values, side, points, reach }, { view, modes }) {
  const size = canvas.width, context = canvas.getContext("2d"), { map, points: ink, modes: ring } = colours();
  const at = ([x, y]) => [(size * (x + view)) / (2 * view), (size * (view - y)) / (2 * view)];
  const [left, top] = at([-reach, reach]), length = (size * reach) / view;
  context.clearRect(0, 0, size, size);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(heatMap(values, side, map), left, top, length, length);
  context.fillStyle = ink;
  for (const point of points) {
    const [x, y] = at(point);
    context.fillRect(x - 2, y - 2, 4, 4);
  }
  if (!modes) return;
  context.strokeStyle = ring;
  context.lineWidth = 2;
  for (const centre of modes.centres) {
    context.beginPath();
    context.arc(...at(centre), Math.max(7, (size * modes.radius) / (2 * view)), 0, 2 * Math.PI);
    context.stroke();
  }
}

// A state between two others, for points that move: the map is that of the first one.
function between(first, second, share) {
  const move = (p, i) => p.map((value, k) => value + share * (second.points[i][k] - value));
  return { ...first, points: first.points.map(move) };
}

// Read the states of { side, fields: [{ values, points, reach }] }: bytes for D, and int16 pairs in units of `unit`.
function readFields({ side, unit, fields }) {
  return fields.map(({ values, points, reach }) => {
    const numbers = new Int16Array(bytesOf(points).buffer);
    const pairs = [];
    for (let i = 0; i < numbers.length; i += 2) pairs.push([unit * numbers[i], unit * numbers[i + 1]]);
    return { side, reach, values: Float32Array.from(bytesOf(values), (byte) => byte / 255), points: pairs };
  });
}
