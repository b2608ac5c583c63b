// Inversion: the noise from which the generator draws an image that is as near to a given one as possible.
//
// With P pixels and Z numbers of noise, Adam (Kingma & Ba 2015, algorithm 1) descends
//
//     L(z) = 1/P |G(z, code) - x|^2 + prior/Z |z|^2         dL/dz = J^T 2/P (G(z, code) - x) + 2 prior/Z z
//
// from several starts. The code stays as it is: each class is tried in the choice of the starts.

const SLICE = 25; // milliseconds that the page may wait

// Let the page live if it has waited for long: await it often.
function makePause() {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < SLICE) return;
    await new Promise((resume) => setTimeout(resume));
    last = performance.now();
  };
}

function meanSquare(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2;
  return sum / x.length;
}

// One descent: `step` takes a step of Adam, which changes the first `count` numbers of z, and returns the mean square
// before it.
function makeDescent(network, target, z, count, { rate, prior, beta1 = 0.9, beta2 = 0.99 }) {
  const mean = new Float64Array(count), square = new Float64Array(count);
  let time = 0;
  return {
    z,
    step() {
      const activations = network.forward(z), y = activations.at(-1);
      const dz = network.inputGrad(y.map((value, i) => (2 * (value - target[i])) / target.length), activations);
      time++;
      for (let i = 0; i < count; i++) {
        const gradient = dz[i] + (2 * prior * z[i]) / count;
        mean[i] = beta1 * mean[i] + (1 - beta1) * gradient;
        square[i] = beta2 * square[i] + (1 - beta2) * gradient * gradient;
        z[i] -= (rate * mean[i]) / (1 - beta1 ** time) / (Math.sqrt(square[i] / (1 - beta2 ** time)) + 1e-12);
      }
      return meanSquare(y, target);
    },
  };
}

// Sort candidates { z, error }: the nearest of each class come first, then the second ones, and so on.
function ranked(candidates, count) {
  const seen = new Map();
  const withRank = candidates.sort((p, q) => p.error - q.error).map((candidate) => {
    const code = candidate.z.slice(count).join();
    seen.set(code, (seen.get(code) ?? -1) + 1);
    return { ...candidate, rank: seen.get(code) };
  });
  return withRank.sort((p, q) => p.rank - q.rank);
}

// Invert `target`. `candidates` are latents, of which the first ones by `ranked` become the starts; `count` is the
// length of the noise in them. All starts descend for some steps, and the best of them goes on alone. `report(share, z)`
// is called now and then and returns false to stop. The result is { z, error }, or null after a stop.
async function invert(network, target, candidates, count, report, options = {}) {
  const { starts = 4, steps = 60, finish = 120, rate = 0.1, prior = 0.003 } = options;
  const pause = makePause(), total = candidates.length + steps * starts * 2 + finish * 2;
  const near = [];
  let done = 0;
  for (const z of candidates) {
    near.push({ z, error: meanSquare(network.forward(z).at(-1), target) });
    await pause();
    if (!report(++done / total, null)) return null;
  }
  const chosen = ranked(near, count).slice(0, starts);
  const tries = chosen.map(({ z }) => makeDescent(network, target, z.slice(), count, { rate, prior }));
  const errors = new Array(tries.length).fill(Infinity);
  let best = 0;
  for (let step = 0; step < steps + finish; step++) {
    for (const t of step < steps ? tries.keys() : [best]) {
      errors[t] = tries[t].step();
      done += 2;
      await pause();
    }
    if (step < steps) best = errors.indexOf(Math.min(...errors));
    if (!report(Math.min(done / total, 1), tries[best].z)) return null;
  }
  return { z: tries[best].z, error: meanSquare(network.forward(tries[best].z).at(-1), target) };
}
