// The settings on the page: which elements they are, and what is read from them.

const CHOICES = {
  discriminator_steps: [1, 2, 3, 5, 10],
  generator_steps: [1, 2, 3, 5, 10],
  packing: { 1: "1 point", 2: "2 at once", 4: "4 at once" },
  batch_size: [16, 32, 64, 128, 256, 512],
  rounds: [1, 2, 5, 10, 20, 50],
};
const POWERS = ["discriminator_learning_rate", "generator_learning_rate", "penalty_weight"]; // sliders of exponents

function fillSelect(select, choices) {
  const entries = Array.isArray(choices) ? choices.map((each) => [each, each]) : Object.entries(choices);
  select.replaceChildren(...entries.map(([value, text]) => element("option", text, { value })));
}

// Choose a value, also one that is not among the choices.
function choose(select, value) {
  if (![...select.options].some((option) => option.value === String(value))) {
    select.append(element("option", value, { value }));
  }
  select.value = value;
}

// Round to two digits, so that the rate that is shown is the rate that is used.
const powerOf = (slider) => Number((10 ** Number(slider.value)).toPrecision(2));

function showPower(slider) {
  slider.previousElementSibling.textContent = powerOf(slider);
  slider.setAttribute("aria-valuetext", powerOf(slider));
}

// Fill the controls, and return { read, rounds }. `changed` is called with the name of a setting that has changed.
function startControls(about, changed) {
  fillSelect(byId("data"), about.data);
  fillSelect(byId("objective"), Object.keys(about.objectives));
  fillSelect(byId("penalty"), Object.keys(about.penalties));
  for (const [name, choices] of Object.entries(CHOICES)) fillSelect(byId(name), choices);
  const names = Object.keys(about.settings);
  for (const name of names) {
    const element = byId(name), value = about.settings[name];
    if (POWERS.includes(name)) element.value = Math.log10(value);
    else if (element.tagName === "SELECT") choose(element, value);
    else element.value = value;
  }
  choose(byId("rounds"), 10);
  POWERS.forEach((name) => showPower(byId(name)));

  const control = (name) => byId(name).value;

  function react(name) {
    if (name === "objective" && control("objective") === "wasserstein" && control("penalty") === "none") {
      byId("penalty").value = "wgan-gp"; // clipping, the other way to keep the critic from growing steep, flattens it
      name = "penalty";
    }
    if (name === "penalty") {
      byId("penalty_weight").value = Math.log10(about.penalties[control("penalty")]);
      showPower(byId("penalty_weight"));
    }
    byId("penalty_weight").disabled = control("penalty") === "none";
    changed(name);
  }
  for (const name of [...names, "rounds", "push"]) {
    byId(name).addEventListener(POWERS.includes(name) ? "input" : "change", () => {
      if (POWERS.includes(name)) showPower(byId(name));
      react(name);
    });
  }
  byId("penalty_weight").disabled = control("penalty") === "none";

  function valueOf(name) {
    if (POWERS.includes(name)) return powerOf(byId(name));
    return typeof about.settings[name] === "number" ? Number(control(name)) : control(name);
  }
  return {
    read: () => Object.fromEntries(names.map((name) => [name, valueOf(name)])),
    rounds: () => Number(byId("rounds").value),
  };
}
