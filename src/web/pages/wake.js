// Wakes the islands of a page up, and lets go of them when one of them stops.

const root = document.documentElement;

/** Where what was typed waits while a page that has stopped is loaded again. */
const KEPT = 'kith-kept';

/**
 * Events of the window itself. Its listeners are called in the order in which they came, so ours come
 * first.
 */
const OF_WINDOW =
  'afterprint beforeprint beforeunload blur focus hashchange message offline online pagehide pageshow popstate resize storage'.split(' ');

/** What becomes of events once the page has stopped. */
let block = null;

async function wake(script, wasm) {
  addEventListener('error', (event) => heed(event.error));
  addEventListener('unhandledrejection', (event) => heed(event.reason));
  for (const name of OF_WINDOW) addEventListener(name, (event) => block?.(event), true);
  bringBack();
  // A page that is never idle is woken up all the same.
  await new Promise((go) => (self.requestIdleCallback ?? setTimeout)(go, { timeout: 1000 }));
  const module = await import(script);
  await module.default({ module_or_path: wasm });
  module.hydrate();
  let how = 'as-drawn';
  for (const island of document.querySelectorAll('leptos-island')) {
    const drawn = island.querySelector(':scope > [data-outline]')?.dataset.outline;
    const fill = drawn === hash(outline(island)) ? null : empty(island);
    module[island.dataset.component](island);
    if (fill) {
      fill();
      how = 'anew';
    }
  }
  // What the islands do first is done by then.
  const { port1, port2 } = new MessageChannel();
  await new Promise((go) => {
    port1.onmessage = go;
    port2.postMessage(null);
  });
  port1.close();
  if (!block) root.dataset.hydrated = how;
}

/** The nodes in an element, as `src/islands/checked.rs` writes them of its HTML. */
function outline(element) {
  let text = '';
  for (const node of element.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.previousSibling?.nodeType !== Node.TEXT_NODE) text += '#';
    } else if (node.nodeType === Node.COMMENT_NODE) {
      text += '!';
    } else if (!node.hasAttribute('data-outline')) {
      const name = node.localName.toLowerCase();
      const closed = /^(noscript|script|style|template|textarea)$/.test(name);
      text += `<${name}${closed ? '' : outline(node)}>`;
    }
  }
  return text;
}

function hash(text) {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Empties an island that was disturbed. What it returns puts back what people have done in it. */
function empty(island) {
  const typed = [...island.querySelectorAll('input, textarea')].filter(isTyped);
  const scrolled = ['.rows', '.pane'].map((name) => [name, island.querySelector(name)?.scrollTop]);
  const focused = document.activeElement;
  const had = island.contains(focused) ? focused.id : '';
  const { selectionStart, selectionEnd } = focused;
  island.replaceChildren();
  return () => {
    for (const field of typed) {
      const twin = document.getElementById(field.id);
      if (twin) Object.assign(twin, { value: field.value, checked: field.checked });
    }
    for (const [name, top] of scrolled) {
      if (top) island.querySelector(name)?.scrollTo({ top });
    }
    const twin = document.getElementById(had);
    twin?.focus({ preventScroll: true });
    if (twin?.setSelectionRange && selectionStart !== null && twin.type !== 'email') {
      twin.setSelectionRange(selectionStart, selectionEnd);
    }
  };
}

function isTyped(field) {
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

/** A panic is a trap of the WebAssembly. An error of the browser that passed through it is as bad. */
function heed(error) {
  if (error instanceof WebAssembly.RuntimeError || /wasm-function/.test(error?.stack)) stop();
}

/**
 * Makes the page work as without JavaScript: no event reaches the WebAssembly any more, nothing that it
 * waits for comes, and the page says so. Nothing on the page is replaced, so that all that was typed stays.
 */
function stop() {
  if (block) return;
  delete root.dataset.hydrated;
  root.dataset.stopped = '';
  self.kithStream?.close();
  const never = () => 0;
  for (let id = setTimeout(never); id > 0; id--) clearTimeout(id);
  const nothing = { setTimeout: never, setInterval: never, requestAnimationFrame: never };
  Object.assign(self, nothing, { fetch: () => new Promise(never) });
  for (const stuck of document.querySelectorAll('[aria-busy], [aria-disabled]')) {
    stuck.removeAttribute('aria-busy');
    stuck.removeAttribute('aria-disabled');
  }

  const form = document.querySelector('#contact-form');
  let leaving = false;
  const isUnsaved = () => !leaving && [...(form?.elements ?? [])].some(isTyped);
  const bar = document.createElement('div');
  bar.className = 'stopped';
  bar.setAttribute('role', 'alert');
  const words = document.createElement('p');
  words.textContent =
    'This page has stopped working as it should. Nothing you typed is lost, and links and buttons still work.';
  const button = document.createElement('button');
  button.className = 'button';
  button.textContent = 'Reload';
  button.onclick = () => {
    leaving = keep(form);
    location.reload();
  };
  bar.append(words, button);
  document.querySelector('.site-header').after(bar);

  block = (event) => {
    // The address is another now, and only a load shows what it names.
    if (event.type === 'popstate') location.reload();
    if (event.type === 'submit' && event.target === form) leaving = true;
    if (event.type === 'beforeunload' && isUnsaved()) event.preventDefault();
    if (!(event.target instanceof Node && bar.contains(event.target))) event.stopImmediatePropagation();
  };
  const events = new Set(['compositionstart', 'compositionupdate', 'compositionend', 'focusin', 'focusout']);
  for (const source of [self, document]) {
    for (const name in source) if (name.startsWith('on')) events.add(name.slice(2));
  }
  // Browsers warn of listeners to `unload`.
  for (const name of ['unload', ...OF_WINDOW]) events.delete(name);
  for (const name of events) addEventListener(name, block, true);
}

/** Keeps what stands in a form for the page that is loaded next. */
function keep(form) {
  try {
    const fields = [...(form?.elements ?? [])].filter((field) => field.name && field.type !== 'radio');
    const values = fields.map((field) => [field.name, field.type === 'checkbox' ? field.checked : field.value]);
    sessionStorage.setItem(KEPT, JSON.stringify([form?.getAttribute('action'), values]));
    return true;
  } catch {
    return false;
  }
}

function bringBack() {
  try {
    const [action, values] = JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
    sessionStorage.removeItem(KEPT);
    const form = document.querySelector('#contact-form');
    if (form?.getAttribute('action') !== action) return;
    for (const [name, value] of values) {
      const field = form.elements[name];
      if (field) field[typeof value === 'boolean' ? 'checked' : 'value'] = value;
    }
  } catch {
    // A browser that keeps nothing for us has nothing to bring back.
  }
}
