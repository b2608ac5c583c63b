// Pictures: images of a generator on a canvas, and small helpers for the page.

const byId = (id) => document.getElementById(id);

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// A number with so many decimals; very large and very small ones with three digits and an exponent.
function digits(value, count = 2) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (count && size && (size < 0.5 / 10 ** count || size >= 1e6)) return value.toExponential(2);
  return value.toLocaleString("en", { minimumFractionDigits: count, maximumFractionDigits: count });
}

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Put an image, flat (H, W, C) in [-1, 1], at (left, top). With three channels or more they are red, green and blue;
// otherwise the first one is grey.
function paintImage(context, image, { height, width, channels }, left = 0, top = 0) {
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let k = 0; k < 3; k++) pixels.data[4 * i + k] = 127.5 * (image[i * channels + (channels >= 3 ? k : 0)] + 1);
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, left, top);
}

function setSize(canvas, width, height) {
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext("2d");
}

// Say why a part of the page is left out, hide the rest of it, and move it below the parts that are there.
function leaveOut(section, reason) {
  section.parentNode.append(section);
  section.querySelector(".part").hidden = true;
  const note = section.querySelector(".note");
  note.textContent = reason;
  note.hidden = false;
}
