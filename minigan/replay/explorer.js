// The latent explorer: a plane through three noise vectors, which the reader drags through, and the classes of the run.

const TILES = 7; // images along one side of the map
const EDGE = 2; // the map shows [-EDGE, EDGE] in both directions

// Start the explorer of a network. Return { nameOf(kind), numbers, showNoise(noise, kind) }: the name of a class, the
// continuous numbers of the code as they are now, and what puts a noise vector in the middle of the map.
function startExplorer(network, about) {
  const { noise: count, kinds, clusters, continuous, shares, word, shape } = about;
  const across = byId("across"), upwards = byId("upwards"), terrain = byId("terrain");
  const sample = setSize(byId("sample"), shape.width, shape.height);
  const map = setSize(terrain, TILES * shape.width, TILES * shape.height);
  const code = { kind: kinds ? drawKind(shares) : 0, numbers: new Array(continuous).fill(0) };
  let plane, version = 0;

  const draw = (noise, of = code) => network.forward(latentOf(noise, of, about)).at(-1);
  const here = () => noiseAt(plane, Number(across.value), Number(upwards.value));

  function nameOf(kind) {
    const parts = [`${word} ${Math.floor(kind / clusters)}`];
    return clusters > 1 ? `${parts[0]}, cluster ${kind % clusters}` : parts[0];
  }

  // Draw what the sliders say; `settled` is false while the reader drags, and then nothing slow is done.
  function showPlace(settled = true) {
    const u = Number(across.value), v = Number(upwards.value);
    paintImage(sample, draw(here()), shape);
    byId("handle").style.left = `${(50 * (u + EDGE)) / EDGE}%`;
    byId("handle").style.top = `${(50 * (EDGE - v)) / EDGE}%`;
    across.setAttribute("aria-valuetext", digits(u));
    upwards.setAttribute("aria-valuetext", digits(v));
    if (!settled) return;
    const text = `${kinds ? nameOf(code.kind) + ", at " : "At "}${digits(u)} across and ${digits(v)} upwards`;
    byId("place").textContent = text[0].toUpperCase() + text.slice(1);
    byId("sample").setAttribute("aria-label", `Image of the generator. ${byId("place").textContent}`);
    if (kinds) showEvery();
  }

  // Call paint(i) for each i below `total`, a few at a time, until something newer is shown.
  async function slowly(total, isCurrent, paint) {
    const pause = makePause();
    for (let i = 0; i < total && isCurrent(); i++) {
      paint(i);
      await pause();
    }
  }

  function showTerrain() {
    const current = ++version;
    slowly(TILES * TILES, () => current === version, (i) => {
      const row = Math.floor(i / TILES), column = i % TILES, place = (k) => EDGE * ((2 * k + 1) / TILES - 1);
      const image = draw(noiseAt(plane, place(column), -place(row)));
      paintImage(map, image, shape, column * shape.width, row * shape.height);
    });
  }

  const columns = Math.min(kinds, 20);
  const rows = kinds ? Math.ceil(kinds / columns) : 0;
  const every = setSize(byId("classes"), columns * shape.width, rows * shape.height);
  let everyVersion = 0;

  function showEvery() {
    const current = ++everyVersion, noise = here();
    slowly(kinds, () => current === everyVersion, (kind) => {
      const image = draw(noise, { ...code, kind });
      paintImage(every, image, shape, (kind % columns) * shape.width, Math.floor(kind / columns) * shape.height);
    });
  }

  function showAll() {
    showTerrain();
    showPlace();
  }

  function newPlane(a = drawNoise(count)) {
    plane = { a, b: drawNoise(count), c: drawNoise(count) };
    across.value = upwards.value = 0;
  }

  function choose(kind) {
    code.kind = kind;
    if (byId("kind")) byId("kind").value = kind;
    showAll();
  }

  function addControls() {
    if (kinds) {
      const label = element("label", word[0].toUpperCase() + word.slice(1));
      const select = element("select", "", { id: "kind" });
      for (let kind = 0; kind < kinds; kind++) {
        select.append(element("option", nameOf(kind).replace(`${word} `, ""), { value: kind }));
      }
      select.addEventListener("change", () => choose(Number(select.value)));
      label.append(select);
      byId("codes").append(label);
      byId("every").hidden = false;
      byId("every").querySelector("figcaption").textContent = `The same noise in each ${word}; click to choose one.`;
      byId("classes").addEventListener("click", (event) => {
        const box = byId("classes").getBoundingClientRect();
        const column = Math.floor((columns * (event.clientX - box.left)) / box.width);
        const row = Math.floor((rows * (event.clientY - box.top)) / box.height);
        if (row * columns + column < kinds) choose(row * columns + column);
      });
    }
    code.numbers.forEach((_, i) => {
      const input = element("input", "", { type: "range", min: -1, max: 1, step: 0.05, value: 0 });
      input.addEventListener("input", () => {
        code.numbers[i] = Number(input.value);
        showAll();
      });
      const label = element("label", `Code ${i + 1}`);
      label.append(input);
      byId("codes").append(label);
    });
  }

  function drag(event) {
    const box = terrain.getBoundingClientRect(), limit = (value) => Math.max(-EDGE, Math.min(EDGE, value));
    across.value = limit(EDGE * ((2 * (event.clientX - box.left)) / box.width - 1));
    upwards.value = limit(EDGE * (1 - (2 * (event.clientY - box.top)) / box.height));
    showPlace(false);
  }

  terrain.addEventListener("pointerdown", (event) => {
    terrain.setPointerCapture(event.pointerId);
    drag(event);
  });
  terrain.addEventListener("pointermove", (event) => terrain.hasPointerCapture(event.pointerId) && drag(event));
  for (const name of ["pointerup", "pointercancel"]) terrain.addEventListener(name, () => showPlace());
  for (const slider of [across, upwards]) {
    slider.addEventListener("input", () => showPlace(false));
    slider.addEventListener("change", () => showPlace());
  }
  byId("new-plane").addEventListener("click", () => {
    newPlane();
    showAll();
  });
  addControls();
  newPlane();
  choose(code.kind);
  return {
    nameOf,
    numbers: code.numbers,
    showNoise(noise, kind) {
      newPlane(noise);
      choose(kind);
    },
  };
}

// Draw a class, or a cluster in a class, as often as the data has it.
function drawKind(shares) {
  let rest = Math.random();
  const found = shares.findIndex((share) => (rest -= share) < 0);
  return found < 0 ? shares.length - 1 : found;
}
