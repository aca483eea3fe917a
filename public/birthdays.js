// The server lists days by the time zone of the reader, which only the browser knows. A cookie tells it. The page is read
// again where it is another day there.
const { zone, day } = document.querySelector('[data-zone]').dataset;
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = `kith-zone=${here}`;
const isKnown = () => document.cookie.split('; ').includes(cookie);
if (here && here !== zone && !isKnown()) {
  document.cookie = `${cookie}; path=/birthdays; max-age=31536000; samesite=lax`;
  // Sweden writes days as the server does.
  if (isKnown() && new Intl.DateTimeFormat('sv').format() !== day) location.reload();
}
