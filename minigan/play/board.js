// The board: what D thinks of the plane, the data as dots, the points of G as triangles, and the push on them as arrows.

const SIZE = 720; // pixels along one side of the canvas
const DOT = 4.2, TRIANGLE = 6;
const LONGEST = 0.11 * SIZE; // an arrow, however strong the push

function inks() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(["real-ink", "fake-ink", "rim", "push"].map((name) =>
    [name, style.getPropertyValue("--" + name).trim()]));
}

// Read float32 pairs in base64.
function pairsOf(base64) {
  const numbers = new Float32Array(bytesOf(base64).buffer), pairs = [];
  for (let i = 0; i < numbers.length; i += 2) pairs.push([numbers[i], numbers[i + 1]]);
  return pairs;
}

const placeOf = ([x, y], reach) => [(SIZE * (x + reach)) / (2 * reach), (SIZE * (reach - y)) / (2 * reach)];

// The length of an arrow for a push of `strength`, the change of the loss over half the width of the picture. Weak
// pushes differ in length, and strong ones come close to the longest arrow.
const lengthOf = (strength) => (LONGEST * strength) / (strength + 8);

function drawArrows(context, starts, pushes, reach) {
  context.beginPath();
  starts.forEach(([x, y], i) => {
    const [dx, dy] = [pushes[i][0], -pushes[i][1]], size = Math.hypot(dx, dy);
    const length = lengthOf(size * reach);
    if (!(length > 1.5)) return;
    const [ux, uy] = [dx / size, dy / size], [tipX, tipY] = [x + ux * length, y + uy * length];
    const head = Math.min(7, length / 2);
    context.moveTo(x, y);
    context.lineTo(tipX, tipY);
    context.moveTo(tipX - head * (ux + 0.6 * uy), tipY - head * (uy - 0.6 * ux));
    context.lineTo(tipX, tipY);
    context.lineTo(tipX - head * (ux - 0.6 * uy), tipY - head * (uy + 0.6 * ux));
  });
  context.stroke();
}

// Draw a picture { state, game, real, push } on a square canvas: D's field and G's points as `readFields` returns them,
// what all pictures share, the data, and the push or null; and on top the pen of the pad, if there is one.
function drawBoard(canvas, { state, game, real, push }, pen) {
  const context = canvas.getContext("2d"), ink = inks(), reach = game.view;
  const at = (point) => placeOf(point, reach);
  drawField(canvas, { ...state, points: [] }, game);
  function paint(fill) { // the rim first, so that points that lie close together become one spot
    context.lineWidth = 2.4;
    context.strokeStyle = ink.rim;
    context.fillStyle = fill;
    context.stroke();
    context.fill();
  }

  context.beginPath();
  for (const [x, y] of real.map(at)) {
    context.moveTo(x + DOT, y);
    context.arc(x, y, DOT, 0, 2 * Math.PI);
  }
  paint(ink["real-ink"]);

  context.beginPath();
  const fake = state.points.map(at);
  for (const [x, y] of fake) {
    context.moveTo(x, y - TRIANGLE);
    context.lineTo(x + 0.87 * TRIANGLE, y + TRIANGLE / 2);
    context.lineTo(x - 0.87 * TRIANGLE, y + TRIANGLE / 2);
    context.closePath();
  }
  paint(ink["fake-ink"]);

  if (push) {
    context.lineWidth = 2;
    context.strokeStyle = ink.push;
    drawArrows(context, fake.slice(0, push.length), push, reach);
  }
  drawPen(context, at, pen);
}

function drawPen(context, at, pen) {
  if (!pen) return;
  const [x, y] = at([pen.x, pen.y]), ink = inks();
  context.lineWidth = 3;
  context.strokeStyle = pen.down ? ink["real-ink"] : ink.push;
  context.strokeRect(x - 9, y - 9, 18, 18);
}

// A board on which there is no data yet.
function drawEmpty(canvas, reach, pen) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, SIZE, SIZE);
  context.fillStyle = inks().push;
  context.font = "32px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillText("Draw the data here", SIZE / 2, SIZE / 2);
  drawPen(context, (point) => placeOf(point, reach), pen);
}
