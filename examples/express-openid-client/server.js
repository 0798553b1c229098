import express from 'express';
import session from 'express-session';
import * as client from 'openid-client';

const { PORT = '3011', ISSUER = 'http://127.0.0.1:3000/fabrikam/v2.0' } = process.env;
const { CLIENT_SECRET = 'example-secret-for-loopback-only' } = process.env;
const { SESSION_SECRET = 'another-secret-for-loopback-only' } = process.env;
const origin = `http://127.0.0.1:${PORT}`;

// #region issuer
const issuer = await client.discovery(
  new URL(ISSUER),
  'example-express',
  undefined,
  client.ClientSecretBasic(CLIENT_SECRET),
  // On this machine alone; an issuer elsewhere has https.
  ISSUER.startsWith('http:') ? { execute: [client.allowInsecureRequests] } : {},
);
// #endregion

const app = express();
app.use(
  session({
    secret: SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: origin.startsWith('https:') },
  }),
);

app.get('/', (request, response) => {
  const { guest } = request.session;
  response.send(
    guest
      ? page(`<p>Signed in as <b id="who">${escape(guest.email)}</b></p>
         <pre id="claims">${escape(JSON.stringify(guest, null, 2))}</pre>
         <form method="post" action="/sign-out"><button>Sign out</button></form>`)
      : page('<a href="/sign-in">Sign in</a>'),
  );
});

// #region sign-in
app.get('/sign-in', async (request, response) => {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  request.session.begun = { verifier, state, nonce };
  const url = client.buildAuthorizationUrl(issuer, {
    redirect_uri: `${origin}/callback`,
    scope: 'openid email profile',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  response.redirect(url.href);
});

app.get('/callback', async (request, response) => {
  const { begun } = request.session;
  if (!begun) return response.redirect('/');
  const tokens = await client.authorizationCodeGrant(issuer, new URL(request.originalUrl, origin), {
    pkceCodeVerifier: begun.verifier,
    expectedState: begun.state,
    expectedNonce: begun.nonce,
  });
  // A new session id: whoever planted the old one in this browser must not be signed in with it.
  await new Promise((done, fail) => request.session.regenerate((e) => (e ? fail(e) : done())));
  // Your user is iss and sub; the address is what to show.
  request.session.guest = tokens.claims();
  request.session.idToken = tokens.id_token;
  response.redirect('/');
});
// #endregion

// #region sign-out
app.post('/sign-out', (request, response) => {
  const { idToken } = request.session;
  request.session.destroy(() => {
    if (!idToken) return response.redirect('/');
    const url = client.buildEndSessionUrl(issuer, {
      id_token_hint: idToken,
      post_logout_redirect_uri: `${origin}/`,
    });
    response.redirect(url.href);
  });
});
// #endregion

app.use((error, _request, response, _next) => {
  // What the issuer said, such as access_denied; anything else is a fault of ours.
  const known = typeof error.error === 'string';
  response.status(known ? 403 : 500).send(
    page(`<p id="error">${known ? escape(error.error) : 'It did not work.'}</p>
      <a href="/">Back</a>`),
  );
  if (!known) console.error(error);
});

app.listen(Number(PORT), '127.0.0.1', () => console.log(`Listening on ${origin}/`));

function page(body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Express</title>
    <link rel="icon" href="data:,"><h1>Express</h1>${body}`;
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
