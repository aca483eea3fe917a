// Times by the clock of the reader, such as "3 minutes ago". The server has written them in UTC, and so they stay without
// scripts. The title has the whole date.
import { locale, t } from './texts.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ages = new Intl.RelativeTimeFormat(locale);
const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
// What is older has its date. The clocks of two machines may differ by a minute.
const OLD = 31 * DAY;

const age = (milliseconds) => {
  if (milliseconds < MINUTE) return t('just now');
  const [unit, length] = [
    ['day', DAY],
    ['hour', 60 * MINUTE],
    ['minute', MINUTE],
  ].find(([, length]) => milliseconds >= length);
  return ages.format(-Math.floor(milliseconds / length), unit);
};

function tell() {
  for (const time of document.querySelectorAll('time[data-age]')) {
    const at = new Date(time.dateTime);
    const passed = Date.now() - at;
    const words = passed > -MINUTE && passed < OLD ? age(passed) : dates.format(at);
    // What stays the same is no change that would lead here again.
    if (time.textContent !== words) {
      time.textContent = words;
      time.title = `${dates.format(at)}, ${clock.format(at)}`;
    }
  }
}

tell();
setInterval(tell, MINUTE / 2);
// Islands draw other times.
new MutationObserver(tell).observe(document.body, { childList: true, subtree: true });
