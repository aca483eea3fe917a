// Passkeys on the sign-in and on the page of the account. Each form with `data-passkey` is hidden until this script
// knows that the browser has passkeys for this host. The server draws the answer to the form, as that of any other.
import { t } from './texts.js';

const parsers = {
  create: 'parseCreationOptionsFromJSON',
  get: 'parseRequestOptionsFromJSON',
};

function isPossible(form) {
  const { host, passkey } = form.dataset;
  return location.hostname === host && window.PublicKeyCredential?.[parsers[passkey]] !== undefined;
}

async function ask(form) {
  const { options, passkey } = form.dataset;
  const answer = await fetch(options, { method: 'POST', headers: { accept: 'application/json' } });
  const json = await answer.json();
  if (!answer.ok) {
    throw new Error(json.detail);
  }
  const publicKey = PublicKeyCredential[parsers[passkey]](json.publicKey);
  const credential = await navigator.credentials[passkey]({ publicKey });
  form.elements.credential.value = JSON.stringify(credential.toJSON());
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!isPossible(form)) {
    document.querySelector('[data-passkeys-missing]')?.removeAttribute('hidden');
    continue;
  }
  form.hidden = false;
  const problem = form.querySelector('[role=alert]');
  const say = (text) => {
    problem.textContent = text;
    problem.hidden = text === '';
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    say('');
    try {
      await ask(form);
      form.submit();
    } catch (error) {
      // The browser says why only in its own words, and it has shown a dialog before.
      const isBrowsers = error instanceof DOMException;
      say(isBrowsers ? t('No passkey was used. Try again, or choose another way.') : error.message);
    }
  });
}
