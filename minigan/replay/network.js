// A generator in plain JavaScript: the same layers as in minigan/layers, in eval mode, for one sample at a time.
//
// An image (H, W, C) is a flat array in which element (h, w, c) stands at (h W + w) C + c. So Reshape and Flatten do
// nothing here. A layer is { forward, inputGrad }: y = forward(x), and dx = inputGrad(dy, x, y) = J^T dy. Weights never
// change, so there is no gradient for them.

// Dense: y = x w + b, dx = dy w^T. Inputs that are 0 cost nothing: after ReLU, and in a one-hot code, there are many.
function dense({ inputs, outputs }, read) {
  const w = read(), b = read();
  return {
    forward(x) {
      const y = b.slice();
      for (let i = 0; i < inputs; i++) {
        const xi = x[i];
        if (xi === 0) continue;
        for (let j = 0, k = i * outputs; j < outputs; j++, k++) y[j] += xi * w[k];
      }
      return y;
    },
    inputGrad(dy) {
      const dx = new dy.constructor(inputs);
      for (let i = 0; i < inputs; i++) {
        let sum = 0;
        for (let j = 0, k = i * outputs; j < outputs; j++, k++) sum += dy[j] * w[k];
        dx[i] = sum;
      }
      return dx;
    },
  };
}

// Conv2DTranspose: pixel (h, w) of x paints a patch of y,
//
//     y[h s + kh - top, w s + kw - left] += x[h, w] kernel[kh, kw]^T        kernel (KH, KW, F, C)
//
// and its transpose gathers from the same places, dx[h, w] += dy[h s + kh - top, w s + kw - left] kernel[kh, kw].
function convTranspose({ height, width, channels, outHeight, outWidth, filters, kernel, stride, padding }, read) {
  const w = read(), b = read();

  // Call visit(offset of a pixel of x, offset of a pixel of y, offset of their tap) for each pair that meets.
  function taps(visit) {
    for (let h = 0; h < height; h++) for (let kh = 0; kh < kernel[0]; kh++) {
      const oh = h * stride + kh - padding[0];
      if (oh < 0 || oh >= outHeight) continue;
      for (let v = 0; v < width; v++) for (let kw = 0; kw < kernel[1]; kw++) {
        const ow = v * stride + kw - padding[1];
        if (ow < 0 || ow >= outWidth) continue;
        const tap = (kh * kernel[1] + kw) * filters * channels;
        visit((h * width + v) * channels, (oh * outWidth + ow) * filters, tap);
      }
    }
  }

  return {
    forward(x) {
      const y = new x.constructor(outHeight * outWidth * filters);
      for (let i = 0; i < y.length; i++) y[i] = b[i % filters];
      taps((from, to, tap) => {
        for (let f = 0, k = tap; f < filters; f++) {
          let sum = 0;
          for (let c = 0; c < channels; c++, k++) sum += x[from + c] * w[k];
          y[to + f] += sum;
        }
      });
      return y;
    },
    inputGrad(dy) {
      const dx = new dy.constructor(height * width * channels);
      taps((from, to, tap) => {
        for (let f = 0, k = tap; f < filters; f++) {
          const d = dy[to + f];
          for (let c = 0; c < channels; c++, k++) dx[from + c] += d * w[k];
        }
      });
      return dx;
    },
  };
}

// BatchNorm with its running statistics, and Rescaling: y = scale x + shift, with one pair of numbers for each channel.
function affine(_, read) {
  const scale = read(), shift = read();
  const channels = scale.length;
  return {
    forward: (x) => x.map((value, i) => value * scale[i % channels] + shift[i % channels]),
    inputGrad: (dy) => dy.map((value, i) => value * scale[i % channels]),
  };
}

// LeakyReLU, and ReLU with the slope 0: y = max(x, slope x); at x = 0 the left derivative is taken.
function leakyReLU({ slope }) {
  return {
    forward: (x) => x.map((value) => (value > 0 ? value : slope * value)),
    inputGrad: (dy, x) => dy.map((value, i) => (x[i] > 0 ? value : slope * value)),
  };
}

function tanh() {
  return {
    forward: (x) => x.map(Math.tanh),
    inputGrad: (dy, x, y) => dy.map((value, i) => value * (1 - y[i] * y[i])),
  };
}

function sigmoid() {
  return {
    forward: (x) => x.map((value) => 1 / (1 + Math.exp(-value))),
    inputGrad: (dy, x, y) => dy.map((value, i) => value * y[i] * (1 - y[i])),
  };
}

const LAYERS = { dense, convTranspose, affine, leakyReLU, tanh, sigmoid };

// The value of a float16 number from its 16 bits: sign, exponent, fraction.
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

// Return a function that returns the next array of `bytes` at each call; `arrays` lists [type, length] in their order.
function arrayReader(arrays, bytes, Numbers) {
  let next = 0, offset = 0;
  return () => {
    const [type, length] = arrays[next++];
    const size = length * (type === "float16" ? 2 : 4);
    const raw = bytes.slice(offset, offset + size).buffer;
    offset += size;
    if (type === "float32") return Numbers.from(new Float32Array(raw));
    const halves = new Uint16Array(raw), numbers = new Numbers(length);
    for (let i = 0; i < length; i++) numbers[i] = half(halves[i]);
    return numbers;
  };
}

// A network { forward, inputGrad } from { layers, arrays } and the bytes of the arrays, one after the other.
// Its forward pass returns the activations [x, h_1, ..., y], which inputGrad(dy, activations) needs.
function makeNetwork({ layers, arrays }, bytes, Numbers = Float32Array) {
  const read = arrayReader(arrays, bytes, Numbers);
  const stack = layers.map((layer) => LAYERS[layer.kind](layer, read));
  return {
    forward(x) {
      const activations = [x];
      for (const layer of stack) activations.push(layer.forward(activations.at(-1)));
      return activations;
    },
    inputGrad(dy, activations) {
      for (let l = stack.length - 1; l >= 0; l--) dy = stack[l].inputGrad(dy, activations[l], activations[l + 1]);
      return dy;
    },
  };
}
