// Curves that grow while the game plays, as SVG; only the newest pictures are kept.

const KEPT = 400;

// The range that the scale shows: all but the outermost 3 % on each side, so that a wild start does not flatten the rest.
function middle(values) {
  if (!values.length) return [0, 1];
  const sorted = [...values].sort((a, b) => a - b), out = Math.floor(0.03 * sorted.length);
  const low = sorted[out], high = sorted[sorted.length - 1 - out];
  return low < high ? [low, high] : [low - 1, high + 1];
}

// Add a chart to a parent, { title, lines, decimals }, with one or two lines by name. Return { add, clear, describe }:
// add(round, values, range) appends one value for each line; the range of the scale is found where it is not given.
function addCurve(parent, { title, lines, decimals }) {
  const figure = byId("chart").content.firstElementChild.cloneNode(true);
  const legend = figure.querySelector("ul"), rows = [];
  const paths = ["first", "second"].map((name) => figure.querySelector("path." + name));
  const texts = lines.map((name, i) => legend.appendChild(element("li", name, { class: ["first", "second"][i] })));
  let range = null;
  figure.querySelector("strong").textContent = title;
  parent.replaceChildren(figure);

  function draw() {
    const all = rows.flatMap((row) => row.values), first = rows[0]?.round ?? 0;
    const [low, high] = range ?? middle(all);
    const x = (round) => (1000 * (round - first)) / Math.max(rows.at(-1).round - first, 1);
    const y = (value) => 12 + 276 * (1 - Math.max(0, Math.min(1, (value - low) / (high - low))));
    lines.forEach((name, k) => {
      const way = rows.map(({ round, values }) => `${x(round).toFixed(1)} ${y(values[k]).toFixed(1)}`);
      paths[k].setAttribute("d", rows.length ? "M" + way.join("L") : "");
      texts[k].textContent = rows.length ? `${name} ${digits(rows.at(-1).values[k], decimals)}` : name;
    });
    figure.querySelector(".high").textContent = rows.length ? digits(high, decimals) : "";
    figure.querySelector(".low").textContent = rows.length ? digits(low, decimals) : "";
  }

  return {
    add(round, values, given = null) {
      range = given;
      rows.push({ round, values });
      if (rows.length > KEPT) rows.shift();
      draw();
    },
    clear() {
      rows.length = 0;
      draw();
    },
    describe() { // for those who do not see it
      const texts = lines.map((name, k) => {
        const own = rows.map((row) => row.values[k]);
        return own.length ? `${name} between ${digits(Math.min(...own), decimals)} and ` +
          `${digits(Math.max(...own), decimals)}, now ${digits(own.at(-1), decimals)}` : `${name}: nothing yet`;
      });
      figure.querySelector("svg").setAttribute("aria-label", `${title}: ${texts.join("; ")}.`);
    },
  };
}
