// Counts down on the page that asks people to wait; see src/web/pages/problem.rs. When the time is over,
// a page that was asked for is asked for again, and a form that was sent can be sent again.
const wait = document.querySelector('[data-wait]');
const left = wait.querySelector('[data-left]');
const again = wait.querySelector('a.button');
const back = wait.querySelector('button');
const end = performance.now() + Number(wait.dataset.wait) * 1000;

const inUnit = (number, unit) =>
  number.toLocaleString(document.documentElement.lang, { style: 'unit', unit, unitDisplay: 'long', useGrouping: false });

function inWords(seconds) {
  return seconds > 120 ? inUnit(Math.ceil(seconds / 60), 'minute') : inUnit(seconds, 'second');
}

function tick() {
  const seconds = Math.ceil((end - performance.now()) / 1000);
  if (seconds > 0) {
    left.textContent = inWords(seconds);
    return;
  }
  clearInterval(ticking);
  left.textContent = left.dataset.left;
  if (again) {
    again.removeAttribute('aria-disabled');
    location.reload();
  } else {
    back.hidden = false;
  }
}

// Before its time the button would only lead here again.
again?.setAttribute('aria-disabled', 'true');
again?.addEventListener('click', (event) => {
  if (again.getAttribute('aria-disabled') === 'true') event.preventDefault();
});
back?.addEventListener('click', () => history.back());
const ticking = setInterval(tick, 250);
