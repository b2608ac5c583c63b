// The page asks the server for some rounds, draws the answer, and asks again. It is the page that drives the game: while
// it does not ask, nothing is computed.

const about = JSON.parse(byId("facts").textContent);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const CALM = { wait: 500, times: 8 }; // with reduced motion: few pictures, with more rounds in each
const GAME = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");

const board = byId("board"), message = byId("message");
const losses = addCurve(byId("losses"), { title: "Losses", lines: ["of D", "of G"], decimals: 2 });
const modes = addCurve(byId("found"), { title: "Modes that G found", lines: ["modes"], decimals: 0 });
let playing = false, running = false; // whether the reader wants rounds, and whether `run` is at work
let wish = "look"; // what is to be done once: "round", "look" or null
let fresh = true; // whether a new game is to begin
let unsent = true; // whether the drawn points have changed since they were sent
let waits = false; // whether to play as soon as there is a drawing
let picture = null; // the newest one

const GROWS = "The losses grow without bound. Choose lower learning rates, or a penalty of more weight.";
const DRAW = "Draw some data on the picture first: with the mouse, a finger or the keyboard.";
const GONE = parent === window ? "The server does not answer. Is minigan play still running?"
  : "The kernel of the notebook does not answer. Run the cell again.";
const drawn = () => byId("data").value === "drawn";

function say(text, problem = false) {
  if (message.textContent !== text) message.textContent = text;
  message.classList.toggle("problem", problem);
}

function show() {
  if (drawn() && !pad.points.length) return drawEmpty(board, about.view, pad.pen());
  if (!picture) return;
  const push = byId("push").checked ? picture.push : null;
  drawBoard(board, { ...picture, real: drawn() ? pad.points : picture.real, push }, pad.pen());
}

// Look at an answer of the server; return whether the game can go on.
function take(answer) {
  if (answer.diverged) {
    say(answer.diverged, true);
    return false;
  }
  picture = {
    game: answer.field, state: readFields(answer.field)[0], real: pairsOf(answer.real), push: pairsOf(answer.push),
    round: answer.round, modes: answer.modes,
  };
  byId("found").hidden = !answer.modes;
  if (answer.ms !== null) {
    losses.add(answer.round, [answer.d_loss, answer.g_loss]);
    if (answer.modes) modes.add(answer.round, [answer.modes.found], [0, answer.modes.modes]);
  }
  const parts = [`Round ${digits(answer.round, 0)}`];
  if (answer.ms !== null) {
    const name = about.objectives[byId("objective").value] ? "D thinks" : "D scores";
    parts.push(`${name}: data ${digits(answer.d_real)}, G ${digits(answer.d_fake)}`);
  }
  if (Math.max(Math.abs(answer.d_loss), Math.abs(answer.g_loss)) > about.greatestLoss) say(GROWS, true);
  else if (message.textContent === GROWS) say("");
  if (answer.modes) {
    const { found, modes: all, high_quality: good } = answer.modes;
    parts.push(`${found} of ${all} modes`, `${digits(100 * good, 0)} % good points`);
  }
  if (answer.ms !== null) parts.push(`${digits(answer.ms, 1)} ms a round`);
  byId("numbers").textContent = parts.join(" · ");
  return true;
}

// Ask for some rounds, or for a new game; the drawn points are sent only when they have changed.
async function ask(rounds) {
  const body = { game: GAME, settings: controls.read() }, begins = fresh, sends = drawn() && (unsent || fresh);
  if (!begins) body.rounds = rounds;
  if (sends) body.points = pad.points;
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  if (sends) unsent = false;
  fresh = false;
  try {
    const answer = await fetch(begins ? "/reset" : "/advance", request);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return await answer.json();
  } catch (error) {
    [fresh, unsent] = [fresh || begins, true];
    throw error;
  }
}

// Wait until the browser draws again, which it does not while the page is hidden.
const nextPicture = () => new Promise((done) =>
  setTimeout(() => requestAnimationFrame(done), still.matches ? CALM.wait : 0));

// Do what is wished, and play while the reader wants it. No second one runs beside it, so requests never overtake.
async function run() {
  if (running) return;
  running = true;
  while (playing || wish) {
    if (drawn() && !pad.points.length) {
      waits = playing;
      wish = null;
      pause(DRAW);
      break;
    }
    const asked = wish;
    wish = null;
    try {
      const rounds = asked === "round" ? 1 : asked === "look" && !playing ? 0
        : controls.rounds() * (still.matches ? CALM.times : 1);
      const answer = await ask(Math.min(rounds, 200));
      if (picture && answer.round < picture.round) [losses, modes].forEach((curve) => curve.clear());
      if (message.textContent === DRAW) say("");
      if (!take(answer)) playing = false;
    } catch (error) {
      playing = false;
      const lost = error instanceof TypeError;
      say(lost ? GONE : error.message, true);
    }
    showButtons();
    show();
    await nextPicture();
  }
  running = false;
  show();
  if (!playing) describe();
}

function want(what) {
  wish = what;
  run();
}

function showButtons() {
  byId("play").textContent = playing ? "Pause" : "Play";
  byId("one").disabled = playing;
}

function play() {
  [playing, waits] = [true, false];
  say(hint());
  showButtons();
  run();
}

function pause(text) {
  playing = false;
  say(text);
  showButtons();
}

// What a reader should know of the present settings.
function hint() {
  const { objective, penalty } = controls.read();
  if (objective === "wasserstein" && penalty === "none") {
    return "Without a penalty, the weights of this critic are clipped to 0.01. That leaves it almost flat, also for " +
      "other objectives, until Reset.";
  }
  return "";
}

// Say in words what the picture and the curves show; only while nothing moves.
function describe() {
  if (!picture) {
    board.setAttribute("aria-label", drawn() ? "Drawing area. Nothing is drawn yet." : "The plane: no picture yet");
    return;
  }
  const found = picture.modes ? ` G found ${picture.modes.found} of ${picture.modes.modes} modes.` : "";
  board.setAttribute("aria-label", (drawn() ? "Drawing area. " : "") +
    `What D thinks of the plane in round ${digits(picture.round, 0)}, the data, and ${picture.state.points.length} ` +
    `points of G.${found}`);
  [losses, modes].forEach((curve) => curve.describe());
}

function changed(name) {
  if (name === "data") {
    unsent = true;
    showData();
  }
  byId("push-key").hidden = !byId("push").checked;
  const log = about.objectives[byId("objective").value];
  byId("scale-text").textContent = log ? "D: fake to real" : "D: low to high score";
  if (name === "push") return show();
  if (name === "rounds") return;
  say(hint());
  want("look");
}

function showData() {
  byId("drawing").hidden = !drawn();
  byId("ring-key").hidden = drawn();
  board.classList.toggle("pad", drawn());
  board.setAttribute("role", drawn() ? "application" : "img");
  if (drawn()) board.tabIndex = 0;
  else board.removeAttribute("tabindex");
  describe();
}

const controls = startControls(about, changed);
const pad = startPad(board, {
  view: about.view,
  most: about.mostPoints,
  width: () => Number(byId("brush").value),
  active: drawn,
  said: say,
  moved: show,
  changed: () => {
    unsent = true;
    show();
    if (pad.points.length && waits) play();
    else want("look");
  },
});

setSize(board, SIZE, SIZE);
byId("play").addEventListener("click", () => (playing ? pause("Paused.") : play()));
byId("one").addEventListener("click", () => want("round"));
byId("reset").addEventListener("click", () => {
  say("");
  fresh = true;
  want("look");
});
byId("clear").addEventListener("click", () => pad.replace([]));
byId("example").addEventListener("click", () => pad.replace(spiral(1000)));
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target.closest("button, input, select, summary, canvas.pad")) return;
  event.preventDefault();
  byId("play").click();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
showData();
changed("push");
run();
