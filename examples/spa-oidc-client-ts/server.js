// Serves files and nothing else: everything of the sign-in happens in the browser.

import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const { PORT = '3013', ISSUER = 'http://127.0.0.1:3000/fabrikam/v2.0' } = process.env;

const page = ['text/html; charset=utf-8', './public/index.html'];
const files = {
  '/': page,
  '/callback': page,
  '/app.js': ['text/javascript', './public/app.js'],
  '/oidc-client-ts.js': [
    'text/javascript',
    './node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js',
  ],
};

createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://127.0.0.1');
  if (pathname === '/issuer.json') {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(ISSUER));
    return;
  }
  if (!Object.hasOwn(files, pathname)) {
    response.writeHead(404).end();
    return;
  }
  const [type, file] = files[pathname];
  response.setHeader('Content-Type', type);
  // Nothing but these files runs here, and the browser talks to the issuer alone.
  response.setHeader(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'self'; img-src data:; connect-src 'self' ${new URL(ISSUER).origin}`,
  );
  createReadStream(fileURLToPath(new URL(file, import.meta.url))).pipe(response);
}).listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${PORT}/`);
});
