// The texts of the scripts in the language of the page, after their English; see src/islands/page_data.rs. An English page
// has none.
const texts = new Map(JSON.parse(document.getElementById('texts')?.textContent ?? '[]'));

/** The text in the language of the page. Values take the places of their names. */
export const t = (text, values = {}) =>
  (texts.get(text) ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** The language of these texts for `Intl`: the page may say another one by now, if the browser translates it. */
export const locale = texts.get('') ?? 'en-GB';
