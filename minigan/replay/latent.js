// What the generator takes: noise, and the code of a conditional run behind it (see minigan/objectives/codes.py).

// Return `count` standard normal numbers (Box & Muller 1958).
function drawNoise(count) {
  return Float32Array.from({ length: count }, () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
}

// The point (u, v) of the plane through three noise vectors. If a, b and c are standard normal, so is their sum divided
// by its standard deviation: G meets on the whole plane what it was trained with. At (0, 0) stands a.
function noiseAt({ a, b, c }, u, v) {
  const deviation = Math.sqrt(1 + u * u + v * v);
  return a.map((value, i) => (value + u * b[i] + v * c[i]) / deviation);
}

// Join noise and code; the code is `kind` as one-hot of `kinds` numbers, and then the continuous numbers.
function latentOf(noise, { kind, numbers }, { kinds, continuous }) {
  const z = new Float32Array(noise.length + kinds + continuous);
  z.set(noise);
  if (kinds) z[noise.length + kind] = 1;
  z.set(numbers, noise.length + kinds);
  return z;
}
