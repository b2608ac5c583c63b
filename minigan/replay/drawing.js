// A drawing of the reader, and its inversion: the latent from which the generator draws the most similar image.

const BOX = 20 / 28; // of the image that a digit of MNIST fills
const STROKE = 2.6 / 28; // width of a stroke after that
const FINE = 4; // small pixels along one side of a pixel, which are averaged
const MOST_CANDIDATES = 200;

// Return the strokes, lists of points [x, y], moved by (left, top) after a scaling.
function moved(strokes, scale, left, top) {
  return strokes.map((stroke) => stroke.map(([x, y]) => [x * scale + left, y * scale + top]));
}

function trace(context, strokes, width) {
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "#fff";
  for (const stroke of strokes) {
    context.beginPath();
    for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(x, y);
    context.stroke();
  }
}

// Return the strokes as grey pixels in [0, 1], `size` along each side; strokes lie in [0, 1].
function rasterise(strokes, size) {
  const fine = FINE * size, canvas = document.createElement("canvas");
  const context = setSize(canvas, fine, fine);
  trace(context, moved(strokes, fine, 0, 0), STROKE * fine);
  const { data } = context.getImageData(0, 0, fine, fine), grey = new Float32Array(size * size);
  for (let y = 0; y < fine; y++) for (let x = 0; x < fine; x++) {
    const pixel = Math.floor(y / FINE) * size + Math.floor(x / FINE);
    grey[pixel] += data[4 * (y * fine + x) + 3] / 255 / FINE ** 2;
  }
  return grey;
}

// Treat strokes as MNIST treats digits: scale them into a box of 20 of 28 pixels, and put their centre of mass in the
// middle. Return an image (H, W, C) in [-1, 1].
function asTrainingImage(strokes, { height, width, channels }) {
  const points = strokes.flat(), xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const left = Math.min(...xs), top = Math.min(...ys);
  const extent = Math.max(Math.max(...xs) - left, Math.max(...ys) - top);
  const scale = (BOX - STROKE) / Math.max(extent, 0.05);
  const size = Math.min(height, width);
  let placed = moved(strokes, scale, 0.5 - scale * (left + extent / 2), 0.5 - scale * (top + extent / 2));
  let grey = rasterise(placed, size), mass = 0, x = 0, y = 0;
  grey.forEach((value, i) => {
    mass += value;
    x += value * ((i % size) + 0.5);
    y += value * (Math.floor(i / size) + 0.5);
  });
  placed = moved(placed, 1, 0.5 - x / mass / size, 0.5 - y / mass / size);
  grey = rasterise(placed, size);
  const image = new Float32Array(height * width * channels).fill(-1);
  const down = Math.floor((height - size) / 2), right = Math.floor((width - size) / 2);
  grey.forEach((value, i) => {
    const pixel = (Math.floor(i / size) + down) * width + (i % size) + right;
    image.fill(2 * Math.min(value, 1) - 1, pixel * channels, (pixel + 1) * channels);
  });
  return image;
}

// The drawing area. Return { strokes, clear }; `changed` is called after each change.
function startPad(pad, changed) {
  const context = pad.getContext("2d"), strokes = [];
  const pen = { x: 0.5, y: 0.5, down: false, byKey: false }; // the pen is seen where keys move it

  function show() {
    context.clearRect(0, 0, pad.width, pad.height);
    trace(context, moved(strokes, pad.width, 0, 0), 0.07 * pad.width);
    if (!strokes.length) {
      context.fillStyle = "#9aa3ad";
      context.font = "18px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText("Draw here", pad.width / 2, pad.height / 2);
    }
    if (document.activeElement !== pad || !pen.byKey) return;
    context.strokeStyle = pen.down ? "#ff9a78" : "#8ab6ff";
    context.lineWidth = 2;
    context.strokeRect(pen.x * pad.width - 6, pen.y * pad.height - 6, 12, 12);
  }

  function begin() {
    strokes.push([[pen.x, pen.y]]);
    changed();
  }

  function moveTo(x, y) {
    [pen.x, pen.y] = [x, y].map((value) => Math.max(0, Math.min(1, value)));
    if (pen.down) {
      strokes.at(-1).push([pen.x, pen.y]);
      changed();
    }
    show();
  }

  function follow(event) {
    const box = pad.getBoundingClientRect();
    moveTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    pen.down = pen.byKey = false;
    follow(event);
    pen.down = true;
    begin();
    show();
  });
  pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && follow(event));
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, () => { pen.down = false; });
  for (const name of ["focus", "blur"]) pad.addEventListener(name, show);
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (event.key !== " " && !(event.key in arrows)) return;
    event.preventDefault();
    pen.byKey = true;
    if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) begin();
      byId("result").textContent = pen.down ? "The pen is down." : "The pen is up.";
      show();
    } else {
      const [x, y] = arrows[event.key];
      moveTo(pen.x + x / 28, pen.y + y / 28);
    }
  });
  show();
  return {
    strokes,
    clear() {
      strokes.length = 0;
      pen.down = false;
      show();
    },
  };
}

// The latents from which the search chooses its starts: equally many of each class, and of each cluster in it.
function candidatesFor({ noise, kinds, continuous }, numbers) {
  const all = Math.max(1, kinds), each = Math.max(1, Math.floor(MOST_CANDIDATES / all));
  return Array.from({ length: all * each }, (_, i) =>
    latentOf(drawNoise(noise), { kind: i % all, numbers }, { kinds, continuous }));
}

function startDrawing(network, about, explorer) {
  const { shape } = about, find = byId("find"), progress = byId("progress"), result = byId("result");
  const asked = setSize(byId("asked"), shape.width, shape.height);
  const found = setSize(byId("found"), shape.width, shape.height);
  let search = 0; // the number of the newest search; an older one stops
  let target = null;

  function changed() {
    search++;
    target = asTrainingImage(pad.strokes, shape);
    paintImage(asked, target, shape);
    find.disabled = false;
    progress.value = 0;
    result.textContent = "";
  }

  async function run() {
    const current = ++search;
    find.disabled = true;
    result.textContent = "Searching …";
    const best = await invert(network, target, candidatesFor(about, explorer.numbers), about.noise, (share, z) => {
      progress.value = share;
      if (z) paintImage(found, network.forward(z).at(-1), shape);
      return current === search;
    });
    if (!best) return;
    find.disabled = false;
    const kind = Math.max(0, best.z.slice(about.noise).indexOf(1));
    const psnr = 10 * Math.log10(4 / best.error);
    paintImage(found, network.forward(best.z).at(-1), shape);
    const where = about.kinds ? ` in ${explorer.nameOf(kind)}` : "";
    const text = `Found${where}: ${digits(psnr, 1)} dB (PSNR; more is more similar).`;
    result.textContent = `${text} It now stands in the middle of the map above.`;
    byId("found").setAttribute("aria-label", `The most similar image. ${text}`);
    explorer.showNoise(best.z.slice(0, about.noise), kind);
  }

  const pad = startPad(byId("pad"), changed);
  find.addEventListener("click", run);
  byId("clear").addEventListener("click", () => {
    search++;
    pad.clear();
    target = null;
    find.disabled = true;
    progress.value = 0;
    result.textContent = "";
    for (const context of [asked, found]) context.clearRect(0, 0, shape.width, shape.height);
  });
  find.disabled = true;
}
