// The times of the trash and of histories, by the clock of the reader. The server has written them in UTC, and so they stay without scripts.
const MINUTE = 60_000;
const units = [
  ['minute', MINUTE],
  ['hour', 60 * MINUTE],
  ['day', 24 * 60 * MINUTE],
];

function age(milliseconds) {
  const [unit, length] = units.findLast(([, length]) => milliseconds >= length) ?? [];
  if (!unit) {
    return 'just now';
  }
  const count = Math.floor(milliseconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

for (const time of document.querySelectorAll('time[data-age]')) {
  const at = new Date(time.dateTime);
  const day = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
  const clock = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  time.title = `${day}, ${clock}`;
  time.textContent = age(Date.now() - at);
}
