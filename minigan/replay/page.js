// The start of the page: read the data that stands in it, and start each part, or say why it is left out.

function addPairs(part, { title, pairs }) {
  part.append(element("h3", title));
  const list = part.appendChild(element("ul", "", { class: "pairs" }));
  for (const { picture, distance } of pairs) {
    const item = list.appendChild(element("li"));
    const alt = `A drawn image above its nearest training image, at distance ${digits(distance)}`;
    item.append(element("img", "", { src: "data:image/png;base64," + picture, alt, class: "pixels" }));
    item.append(element("span", digits(distance)));
  }
}

function addNeighbours({ text, sets }) {
  const part = byId("neighbours").querySelector(".part");
  part.append(element("p", text));
  sets.forEach((set) => addPairs(part, set));
}

function startPage(data) {
  for (const [name, value] of data.about) {
    const entry = byId("about").appendChild(element("div"));
    entry.append(element("dt", name), element("dd", value));
  }

  if (data.timeline.missing) leaveOut(byId("training"), data.timeline.missing);
  else startTimeline(data.timeline);

  if (!data.explorer) { // the run draws points
    for (const name of ["explorer", "drawing", "neighbours"]) byId(name).hidden = true;
    return;
  }
  if (data.neighbours.missing) leaveOut(byId("neighbours"), data.neighbours.missing);
  else addNeighbours(data.neighbours);
  if (data.explorer.missing) {
    leaveOut(byId("explorer"), data.explorer.missing);
    byId("drawing").hidden = true;
    return;
  }
  const network = makeNetwork(data.explorer.network, bytesOf(data.explorer.weights));
  const explorer = startExplorer(network, data.explorer);
  startDrawing(network, data.explorer, explorer);
  window.minigan = { generate: (z) => Array.from(network.forward(Float32Array.from(z)).at(-1)) };
}

startPage(JSON.parse(byId("data").textContent));
