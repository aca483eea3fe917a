// The page of a photo: a file can be dropped or pasted as well, and the square of it that is kept can be chosen. Without
// this script the server keeps the one in the middle.
import { t } from './texts.js';

const STEP = 0.05;
const form = document.getElementById('photo-form');
const { photo, x, y, size, zoom } = form.elements;
const crop = document.getElementById('crop');
const canvas = crop.querySelector('canvas');
const MAX_BYTES = 10 * 1024 * 1024;
// The picture, and its square in lengths of its shorter side.
let picture;
let square = { x: 0, y: 0, size: 1 };

const clamp = (value, most) => Math.min(Math.max(value, 0), most);

function draw() {
  const unit = Math.min(picture.width, picture.height);
  square.x = clamp(square.x, picture.width / unit - square.size);
  square.y = clamp(square.y, picture.height / unit - square.size);
  const side = square.size * unit;
  const { width } = canvas;
  canvas
    .getContext('2d')
    .drawImage(picture, square.x * unit, square.y * unit, side, side, 0, 0, width, width);
  [x.value, y.value, size.value] = [square.x, square.y, square.size];
}

function move(right, down) {
  square.x += right * square.size;
  square.y += down * square.size;
  draw();
}

// The middle of the square stays.
function enlarge(factor) {
  zoom.value = factor;
  const before = square.size;
  square.size = 1 / zoom.value;
  square.x += (before - square.size) / 2;
  square.y += (before - square.size) / 2;
  draw();
}

async function show() {
  const [file] = photo.files;
  const isTooLarge = file?.size > MAX_BYTES;
  photo.setCustomValidity(isTooLarge ? t('A photo may have at most 10 MB. Choose another one.') : '');
  if (isTooLarge) {
    photo.reportValidity();
  }
  // The server says what is wrong with a file that the browser cannot read.
  const read = file && !isTooLarge && (await createImageBitmap(file).catch(() => undefined));
  if (photo.files[0] !== file) {
    return;
  }
  picture = read;
  crop.hidden = !picture;
  [x.value, y.value, size.value] = ['', '', ''];
  if (picture) {
    const unit = Math.min(picture.width, picture.height);
    square = { x: (picture.width / unit - 1) / 2, y: (picture.height / unit - 1) / 2, size: 1 };
    zoom.value = 1;
    draw();
  }
}

function take(event, files) {
  if (files?.length) {
    event.preventDefault();
    photo.files = files;
    show();
  }
}

photo.addEventListener('change', show);
zoom.addEventListener('input', () => enlarge(zoom.value));
document.addEventListener('paste', (event) => take(event, event.clipboardData?.files));
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => take(event, event.dataTransfer?.files));

const keys = {
  ArrowLeft: () => move(-STEP, 0),
  ArrowRight: () => move(STEP, 0),
  ArrowUp: () => move(0, -STEP),
  ArrowDown: () => move(0, STEP),
  '+': () => enlarge(zoom.valueAsNumber + 0.1),
  '=': () => enlarge(zoom.valueAsNumber + 0.1),
  '-': () => enlarge(zoom.valueAsNumber - 0.1),
};
canvas.addEventListener('keydown', (event) => {
  const act = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

// The picture follows the pointer, so the square goes the other way.
let last;
canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = event;
});
canvas.addEventListener('pointermove', (event) => {
  if (last) {
    const { clientWidth } = canvas;
    move((last.clientX - event.clientX) / clientWidth, (last.clientY - event.clientY) / clientWidth);
    last = event;
  }
});
for (const end of ['pointerup', 'pointercancel']) {
  canvas.addEventListener(end, () => {
    last = undefined;
  });
}

for (const hint of document.querySelectorAll('[data-scripted]')) {
  hint.hidden = false;
}
// A reload keeps the choice.
if (photo.files.length) {
  show();
}
