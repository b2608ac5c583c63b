// Drawing on the board: a brush that leaves points of data, by mouse, finger or keys.

const EACH = 5; // points that the brush leaves at each place

// Return { points, pen, replace }. `canvas` shows [-view, view]^2; `changed` is called when there are other points,
// `moved` when the pen alone is elsewhere, and `said` with what a reader must be told. Nothing happens unless `active()`.
function startPad(canvas, { view, most, width, active, changed, moved, said }) {
  const points = [], pen = { x: 0, y: 0, down: false, byKey: false };
  const inside = (value) => Math.max(-view, Math.min(view, value));
  const rounded = (value) => Number(inside(value).toFixed(3));

  function leave() {
    const scatter = drawNoise(2 * EACH);
    for (let i = 0; i < EACH && points.length < most; i++) {
      points.push([rounded(pen.x + width() * scatter[2 * i]), rounded(pen.y + width() * scatter[2 * i + 1])]);
    }
    if (points.length >= most) said(`That is the most: ${digits(most, 0)} points. Clear removes them.`);
    changed();
  }

  function follow(event) {
    const box = canvas.getBoundingClientRect();
    pen.x = inside(view * ((2 * (event.clientX - box.left)) / box.width - 1));
    pen.y = inside(view * (1 - (2 * (event.clientY - box.top)) / box.height));
    leave();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!active()) return;
    canvas.setPointerCapture(event.pointerId);
    pen.down = pen.byKey = false;
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (active() && canvas.hasPointerCapture(event.pointerId)) follow(event);
  });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, moved);
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  canvas.addEventListener("keydown", (event) => {
    if (!active() || (event.key !== " " && !(event.key in arrows))) return;
    event.preventDefault();
    event.stopPropagation(); // the space bar plays elsewhere
    pen.byKey = true;
    if (event.key === " ") {
      pen.down = !pen.down;
      said(pen.down ? "The pen is down." : "The pen is up.");
    } else {
      [pen.x, pen.y] = [pen.x, pen.y].map((value, i) => inside(value + (arrows[event.key][i] * view) / 20));
    }
    if (pen.down) leave();
    else moved();
  });

  return {
    points,
    pen: () => (active() && pen.byKey && document.activeElement === canvas ? pen : null),
    replace(others) {
      points.splice(0, points.length, ...others.map((pair) => pair.map(rounded)));
      pen.down = false;
      changed();
    },
  };
}

// Return standard normal numbers (Box & Muller 1958).
function drawNoise(count) {
  return Array.from({ length: count }, () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
}

// An example of a drawing: a spiral of two turns.
function spiral(count) {
  return Array.from({ length: count }, (_, i) => {
    const share = Math.sqrt((i + 0.5) / count), [a, b] = drawNoise(2);
    return [0, Math.PI / 2].map((shift, k) => share * Math.cos(4 * Math.PI * share - shift) + 0.015 * [a, b][k]);
  });
}
