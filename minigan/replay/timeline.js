// The training under one slider: the pictures of the fixed noise or the field of D, and the curves.

const FRAMES_PER_SECOND = 6;

function startTimeline({ stops, frames, game, charts, caption }) {
  const slider = byId("step"), play = byId("play"), canvas = byId("field"), image = byId("frame");
  const states = game ? readFields(game) : null;
  const last = stops.at(-1);
  const cursors = charts.map((chart) => addChart(byId("charts"), chart, last));
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let playing = null;

  byId("picture").hidden = !frames && !states;
  byId("picture").querySelector("figcaption").textContent = caption;
  image.hidden = !frames;
  canvas.hidden = !states;
  if (states) setSize(canvas, 640, 640);
  if (charts.length) fillTable(byId("table").querySelector("table"), charts, stops);
  byId("table").hidden = !charts.length;
  byId("training").querySelector(".player").hidden = stops.length < 2;

  function draw(position) {
    if (!states) return;
    const index = Math.floor(position), next = states[Math.min(index + 1, states.length - 1)];
    drawField(canvas, still.matches ? states[index] : between(states[index], next, position - index), game);
  }

  function show(index) {
    const step = digits(stops[index], 0), text = `step ${step} of ${digits(last, 0)}`;
    const numbers = charts.map(({ title, lines, decimals }) => `${title}: ` + lines.map((line) =>
      `${line.name} ${digits(valueAt(line, stops[index]), decimals)}`).join(", "));
    byId("step-text").textContent = text;
    slider.setAttribute("aria-valuetext", [text, ...numbers].join(". "));
    if (frames) {
      image.src = "data:image/png;base64," + frames[index];
      image.alt = `Grid of images that the generator draws at step ${step}`;
    }
    if (states) {
      const { points, reach } = states[index];
      const inside = points.filter((p) => p.every((value) => Math.abs(value) <= reach)).length;
      canvas.setAttribute("aria-label", `What D thinks of the plane at step ${step}, and ${points.length} points of ` +
        `the generator, ${inside} of them in the picture`);
    }
    cursors.forEach((showStep) => showStep(stops[index]));
    draw(index);
  }

  function stop() {
    cancelAnimationFrame(playing);
    playing = null;
    play.textContent = "Play";
  }

  function start() {
    let from = Number(slider.value) < stops.length - 1 ? Number(slider.value) : 0, began = null;
    play.textContent = "Pause";
    const move = (now) => {
      began ??= now;
      const position = Math.min(from + ((now - began) / 1000) * FRAMES_PER_SECOND, stops.length - 1);
      const index = Math.floor(position);
      if (index !== Number(slider.value)) {
        slider.value = index;
        show(index);
      }
      draw(position);
      if (position < stops.length - 1) playing = requestAnimationFrame(move);
      else stop();
    };
    playing = requestAnimationFrame(move);
  }

  slider.max = stops.length - 1;
  slider.value = stops.length - 1;
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  play.addEventListener("click", () => (playing === null ? start() : stop()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(Number(slider.value)));
  show(stops.length - 1);
}
