// Keys for people who seldom take the mouse. A reader can switch single letters off (WCAG 2.1.4), because speech input presses
// them as well. They do nothing while the reader types.
import { t } from './texts.js';

const SWITCH = 'kith-keys';
const KEYS = [
  [t('/ or Ctrl K'), t('Search')],
  ['Enter', t('Open the only contact that a search has found')],
  [t('↓ ↑ Home End'), t('Move in the list')],
  ['n', t('New contact')],
  ['e', t('Edit the contact')],
  [t('Del'), t('Move the contact to the trash')],
  [t('Ctrl Z'), t('Undo what the notice offers to undo')],
  ['Esc', t('Back to the list')],
  [t('? or Ctrl /'), t('This list')],
];

let areOff = false;
try {
  areOff = localStorage.getItem(SWITCH) === 'off';
} catch {
  // Without storage, the keys are on in each page.
}

const find = (selector) => document.querySelector(selector);
const isTyping = (target) =>
  target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select');

function focusSearch() {
  const search = find('#search');
  if (!search) {
    location.assign('/contacts#search');
    return;
  }
  search.focus();
  search.select();
}

function addContact() {
  const link = find('a[href^="/contacts/new"]');
  if (link) link.click();
  else location.assign('/contacts/new');
}

/** Opens the only row, if the list shows what the search says. */
function openOnlyRow(event) {
  const asked = new URLSearchParams(location.search).get('q');
  const rows = document.querySelectorAll('#contact-list a.row');
  if (asked === event.target.value.trim() && rows.length === 1 && /^1\D/.test(find('#count')?.textContent.trim() ?? '')) {
    event.preventDefault();
    rows[0].click();
  }
}

function backToList() {
  const row = find('#contact-list a.row[aria-current]') ?? find('#contact-list a.row');
  const back = find('.pane .back');
  if (back?.checkVisibility()) back.click();
  else row?.focus();
}

function showKeys() {
  const dialog = document.createElement('dialog');
  dialog.className = 'keys';
  dialog.setAttribute('aria-labelledby', 'keys-title');
  const rows = KEYS.map(([keys, what]) => `<tr><th scope="row"><kbd>${keys}</kbd></th><td>${what}</td></tr>`);
  dialog.innerHTML = `<h2 id="keys-title">${t('Keys')}</h2><table><tbody>${rows.join('')}</tbody></table>
    <label class="tick"><input type="checkbox"> ${t('Keys without Ctrl')}</label>
    <form method="dialog"><button class="button">${t('Close')}</button></form>`;
  const box = dialog.querySelector('input');
  box.checked = !areOff;
  box.addEventListener('change', () => {
    areOff = !box.checked;
    try {
      localStorage.setItem(SWITCH, areOff ? 'off' : 'on');
    } catch {
      // It holds for this page.
    }
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Focuses the row that Tab leads to, which may move the focus on. */
function focusRow(row, key) {
  row.focus();
  if (key === 'Home' || key === 'End') row.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}

/** The row, where nothing has the focus and such a key scrolls nothing. */
function rowToFocus(target, key) {
  const { scrollHeight, clientHeight } = document.documentElement;
  const moves = /^(Arrow(Down|Up)|Home|End)$/.test(key);
  return moves && target === document.body && scrollHeight <= clientHeight && find('.rows [data-row]:not([tabindex])');
}

const single = new Map([
  ['/', focusSearch],
  ['n', addContact],
  ['e', () => find('.pane a[href*="/edit"]')?.click()],
  ['Delete', () => find('.pane #delete')?.click()],
  ['Escape', backToList],
  ['?', showKeys],
]);

addEventListener('keydown', (event) => {
  const { target, key } = event;
  if (event.defaultPrevented || event.isComposing || event.altKey || find('dialog[open], :popover-open')) return;
  let act;
  if (event.ctrlKey || event.metaKey) {
    const undo = find('.notice button');
    if (key === 'k') act = focusSearch;
    else if (key === '/') act = showKeys;
    else if (key === 'z' && undo && !isTyping(target)) act = () => undo.click();
  } else if (key === 'Enter' && target.id === 'search') {
    openOnlyRow(event);
  } else if (!isTyping(target) && !areOff) {
    const row = rowToFocus(target, key);
    act = row ? () => focusRow(row, key) : single.get(key);
  }
  if (act) {
    event.preventDefault();
    act();
  }
});

if (location.hash === '#search') focusSearch();
