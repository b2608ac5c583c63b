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

// One descent: `step` takes a step of Adam, which changes the first `count` numbers of z. `error` is the mean square
// before the last step.
function makeDescent(network, target, z, count, { rate, prior, beta1 = 0.9, beta2 = 0.99 }) {
  const mean = new Float64Array(count), square = new Float64Array(count);
  let time = 0;
  return {
    z,
    error: Infinity,
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
      this.error = meanSquare(y, target);
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

// Invert `target`. `candidates` are latents, and `count` is the length of the noise in them. Each stage [starts, steps]
// keeps the best of the starts, in the beginning by `ranked`, and lets them descend. `report(share, z)` is called now
// and then and returns false to stop. The result is { z, error }, or null after a stop.
async function invert(network, target, candidates, count, report, options = {}) {
  const { stages = [[10, 20], [4, 30], [1, 120]], rate = 0.1, prior = 0.003 } = options;
  const steps = stages.reduce((sum, [starts, each]) => sum + starts * each, 0);
  const total = candidates.length + 2 * steps; // a step takes as long as two candidates, or a little longer
  const pause = makePause(), near = [];
  let done = 0;
  for (const z of candidates) {
    near.push({ z, error: meanSquare(network.forward(z).at(-1), target) });
    await pause();
    if (!report(++done / total, null)) return null;
  }
  let tries = ranked(near, count).map(({ z }) => makeDescent(network, target, z.slice(), count, { rate, prior }));
  for (const [starts, each] of stages) {
    tries = tries.slice(0, starts);
    for (let step = 0; step < each; step++) {
      for (const descent of tries) {
        descent.step();
        await pause();
      }
      done += 2 * starts;
      if (!report(done / total, tries[0].z)) return null;
    }
    tries.sort((p, q) => p.error - q.error);
  }
  return { z: tries[0].z, error: meanSquare(network.forward(tries[0].z).at(-1), target) };
}
