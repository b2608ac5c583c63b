// Curves over the training steps, as SVG; one cursor shows the step of the slider in all of them.

const WIDTH = 1000, HEIGHT = 300;

// The newest value of a line at a step, or null before the first one.
function valueAt({ steps, values }, step) {
  const index = steps.findLastIndex((each) => each <= step);
  return index < 0 ? null : values[index];
}

// Add a chart to a parent. A chart is { title, unit, log, decimals, lines, reference }: its lines are { name, steps,
// values }, and the reference is { name, value } or null. Return showStep(step), which moves the cursor to a step and
// writes the values there.
function addChart(parent, { title, unit, log, decimals, lines, reference }, last) {
  const figure = byId("chart").content.firstElementChild.cloneNode(true);
  const scale = log ? Math.log10 : (value) => value;
  const all = lines.flatMap((line) => line.values).concat(reference ? [reference.value] : []).filter((v) => v !== null);
  let low = Math.min(...all), high = Math.max(...all);
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 1, high + 1];
  const x = (step) => (WIDTH * step) / Math.max(last, 1);
  const y = (value) => 12 + (HEIGHT - 24) * (1 - (scale(value) - scale(low)) / (scale(high) - scale(low)));

  figure.querySelector("strong").textContent = title;
  figure.querySelector(".unit").textContent = unit;
  figure.querySelector(".high").textContent = digits(high, decimals);
  figure.querySelector(".low").textContent = digits(low, decimals);
  const legend = figure.querySelector("ul"), texts = [];
  lines.forEach(({ name, steps, values }, i) => {
    const order = ["first", "second"][i];
    let pen = "M";
    const path = steps.map((step, k) => {
      if (values[k] === null) { pen = "M"; return ""; }
      const part = `${pen}${x(step).toFixed(1)} ${y(values[k]).toFixed(1)}`;
      pen = "L";
      return part;
    });
    figure.querySelector("path." + order).setAttribute("d", path.join(""));
    texts.push(legend.appendChild(element("li", name, { class: order })));
  });
  const line = figure.querySelector("line.reference"), cursor = figure.querySelector(".cursor");
  if (reference) {
    for (const end of ["y1", "y2"]) line.setAttribute(end, y(reference.value));
    legend.append(element("li", `${reference.name} ${digits(reference.value, decimals)}`, { class: "reference" }));
  } else {
    line.remove();
  }
  const names = lines.map((each) => each.name).join(" and ");
  const image = figure.querySelector("svg");
  image.setAttribute("aria-label", `${title}: ${names} over ${digits(last, 0)} steps, between ` +
    `${digits(low, decimals)} and ${digits(high, decimals)}. The table below has the numbers.`);
  parent.append(figure);
  return (step) => {
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(step));
    lines.forEach((each, i) => { texts[i].textContent = `${each.name} ${digits(valueAt(each, step), decimals)}`; });
  };
}

// Fill the table with the values of all lines at each of the steps.
function fillTable(table, charts, steps) {
  const lines = charts.flatMap(({ lines: own, decimals }) => own.map((line) => ({ ...line, decimals })));
  const head = table.createTHead().insertRow();
  for (const name of ["step", ...lines.map((line) => line.name)]) head.append(element("th", name, { scope: "col" }));
  const body = table.createTBody();
  for (const step of steps) {
    const row = body.insertRow();
    row.append(element("th", digits(step, 0), { scope: "row" }));
    for (const line of lines) row.append(element("td", digits(valueAt(line, step), line.decimals)));
  }
}
