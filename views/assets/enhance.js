// Owns what a script may add to the pages. Each of them works without it: it counts down until a new
// code may be sent, and keeps a second press of a button from sending a form twice.

const AGAIN_MS = 5000;

for (const form of document.forms) {
  let sentAt = -AGAIN_MS;
  form.addEventListener('submit', (event) => {
    // Not for ever: whoever stopped the page from loading is left with this button.
    if (event.timeStamp - sentAt < AGAIN_MS) event.preventDefault();
    else sentAt = event.timeStamp;
  });
  // Back shows the very page that was left, with all it knew.
  addEventListener('pageshow', () => {
    sentAt = -AGAIN_MS;
  });
}

for (const button of document.querySelectorAll('button[data-wait]')) {
  // Counted from a moment, not in steps: a phone that slept must not make anybody wait longer.
  const end = Date.now() + Number(button.dataset.wait) * 1000;
  const shown = document.createElement('span');
  // Said aloud each second it would drown the page.
  shown.ariaHidden = 'true';
  button.append(shown);
  const said = document.createElement('p');
  said.className = 'quiet';
  said.role = 'status';
  button.form.after(said);
  const count = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    shown.textContent = left > 0 ? ` (${left})` : '';
    if (left > 0) return;
    clearInterval(timer);
    said.textContent = button.dataset.ready;
  };
  const timer = setInterval(count, 250);
  count();
}
