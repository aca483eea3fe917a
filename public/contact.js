// What only scripts can do with a contact: copying it or one of its values, sharing its card as a file, and counting how it
// is used. The buttons are hidden where the browser cannot. A browser runs this file once for a page, however many contacts
// the page shows.
import { t } from './texts.js';
import './times.js';

const root = document.documentElement;
// A page that came over plain HTTP has no clipboard.
root.dataset.canCopy = navigator.clipboard ? 'yes' : 'no';
const sample = new File([''], 'contact.vcf', { type: 'text/vcard' });
root.toggleAttribute('data-can-share', navigator.canShare?.({ files: [sample] }) === true);

const region = document.createElement('div');
region.className = 'notice-region';
region.setAttribute('role', 'status');
document.body.append(region);
let silence;

function say(text) {
  const notice = document.createElement('p');
  notice.className = 'notice';
  notice.textContent = text;
  region.replaceChildren(notice);
  clearTimeout(silence);
  silence = setTimeout(() => region.replaceChildren(), 5_000);
}

const valueOf = (entry) => {
  const labels = [...entry.querySelectorAll('.label')].map((label) => label.textContent.trim());
  return labels.join(', ') || entry.querySelector('[dir]').innerText.trim();
};

/** A contact as lines of text: its name, what stands below that, and each entry with its label. */
function textOf(contact) {
  const lines = [...contact.querySelectorAll('.person-name > *')].map((part) => part.textContent.trim());
  for (const name of contact.querySelectorAll('.details > dt')) {
    for (const entry of name.nextElementSibling.querySelectorAll('.detail-entry')) {
      const label = entry.querySelector('.entry-label')?.textContent;
      lines.push(`${name.textContent}: ${valueOf(entry)}${label ? ` (${label})` : ''}`);
    }
  }
  return lines.filter((line) => line !== '').join('\n');
}

async function copy(button) {
  const isWhole = button.dataset.copy === 'contact';
  const text = isWhole
    ? textOf(button.closest('.card'))
    : valueOf(button.closest('.detail-entry'));
  try {
    await navigator.clipboard.writeText(text);
    say(isWhole ? t('The contact is copied.') : t('Copied: {text}', { text }));
  } catch {
    say(t('The browser did not allow to copy.'));
  }
}

async function share(button) {
  const title = button.closest('.card').querySelector('h1').textContent.trim();
  try {
    const answer = await fetch(button.dataset.share);
    if (!answer.ok) throw new Error(answer.statusText);
    const file = new File([await answer.blob()], `${title}.vcf`, { type: 'text/vcard' });
    await navigator.share({ files: [file], title });
  } catch (error) {
    // The reader has closed the dialog.
    if (error.name !== 'AbortError') say(t('Sharing did not work. Download the card instead.'));
  }
}

/** Tells Kith how the contact of an address is used, for the order of the contacts that are used most. */
function count(path, kind) {
  if (navigator.onLine && /^\/contacts\/[\da-f-]{36}$/.test(path)) navigator.sendBeacon(`${path}/uses`, new URLSearchParams({ kind }));
}

/** Counts a contact as opened once the reader has stayed with it for a moment. */
function countVisit(path) {
  setTimeout(() => {
    const isShown = location.pathname === path && document.querySelector('[data-copy="contact"]');
    if (isShown) count(path, 'open');
  }, 1_000);
}

// Not when the reader reloads the page or comes back to it.
const [visit] = performance.getEntriesByType('navigation');
if (visit?.type === 'navigate') countVisit(location.pathname);

// The list follows what is typed into the search, and so do the links and the form beside it, which the server has drawn.
document.addEventListener('input', ({ target }) => {
  const form = document.querySelector('.keep-search');
  if (target.id !== 'search' || !form) return;
  const words = target.value.trim();
  form.elements.q.value = words;
  form.classList.toggle('is-kept', words !== '' && words === form.dataset.kept);
  for (const link of document.querySelectorAll('.order-bar nav:not(.letters) a, .label-rail a:not([data-search], .link)')) {
    const url = new URL(link.href);
    if (words) url.searchParams.set('q', words);
    else url.searchParams.delete('q');
    link.href = url;
  }
});

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-copy], [data-share]');
  if (button) (button.dataset.share ? share : copy)(button);
  const link = event.target.closest?.('a[href]');
  if (!link) return;
  if (/^(mailto|tel|sms):$/.test(link.protocol)) count(location.pathname, 'reach');
  // The page shows the contact itself, without a visit.
  else if (event.defaultPrevented) countVisit(link.pathname);
});

// A photo that no browser can draw leaves the initials below it.
const isBroken = (image) => image.matches?.('.avatar img') && image.naturalWidth === 0;
document.addEventListener('error', ({ target }) => isBroken(target) && target.remove(), true);
for (const image of document.querySelectorAll('.avatar img')) {
  if (image.complete && isBroken(image)) image.remove();
}

// Notes grow with what is typed, also where styles cannot do that.
if (!CSS.supports('field-sizing', 'content')) {
  document.addEventListener('input', ({ target }) => {
    if (target.matches?.('textarea')) {
      target.rows = Math.min(Math.max(target.value.split('\n').length, 2), 12);
    }
  });
}
