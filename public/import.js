// The numbers of an import, or of a change of labels, while it is under way, its times by the clock of the reader, and the size of files before they are
// sent. Without scripts, a link asks for the numbers again, and the server refuses what is too large.
import { locale, t } from './texts.js';

const PAUSE = 2_000;

for (const time of document.querySelectorAll('time[data-local]')) {
  time.textContent = new Date(time.dateTime).toLocaleString(locale, { dateStyle: 'long', timeStyle: 'short' });
}

const files = document.getElementById('files');
files?.addEventListener('change', () => {
  const bytes = [...files.files].reduce((sum, file) => sum + file.size, 0);
  const isTooLarge = bytes > Number(files.dataset.max);
  files.setCustomValidity(isTooLarge ? t('This is more than Kith imports at once. Divide it into several files.') : '');
  files.reportValidity();
});

async function look() {
  const answer = await fetch(location.href);
  if (!answer.ok) {
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (!page.querySelector('[data-at-work]')) {
    location.reload();
    return;
  }
  for (const id of ['state', 'added', 'known', 'broken', 'removed']) {
    const [old, fresh] = [document, page].map((one) => one.getElementById(id)?.textContent);
    if (fresh !== undefined && fresh !== old) {
      document.getElementById(id)?.replaceChildren(fresh);
    }
  }
  const bar = page.getElementById('progress');
  if (bar) {
    document.getElementById('progress').value = bar.value;
  }
}

if (document.querySelector('[data-at-work]')) {
  // A look that fails is no news: the next one may succeed.
  setInterval(() => look().catch(() => {}), PAUSE);
}
