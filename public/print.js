// The button of /contacts/print. Without scripts there is none: the browser has one of its own.
const button = document.getElementById('print');
button.hidden = false;
button.addEventListener('click', () => window.print());
