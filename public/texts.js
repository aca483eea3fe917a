// The texts of the scripts in the language of the page, after their English; see src/islands/page_data.rs. An English page
// has none.
const texts = new Map(JSON.parse(document.getElementById('texts')?.textContent ?? '[]'));

/** The text in the language of the page. Values take the places of their names. */
export const t = (text, values = {}) =>
  (texts.get(text) ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** The language of the page for `Intl`. English writes days before months. */
export const locale = document.documentElement.lang.replace(/^en$/, 'en-GB');
