import { ExpressAuth, getSession } from '@auth/express';
import express from 'express';

const { PORT = '3012', ISSUER = 'http://127.0.0.1:3000/fabrikam/v2.0' } = process.env;
const { CLIENT_SECRET = 'example-secret-for-loopback-only' } = process.env;
const { AUTH_SECRET = 'another-secret-for-loopback-only' } = process.env;

// #region config
const config = {
  secret: AUTH_SECRET,
  trustHost: true,
  providers: [
    {
      id: 'guestpass',
      name: 'Guestpass',
      type: 'oidc',
      issuer: ISSUER,
      clientId: 'example-authjs',
      clientSecret: CLIENT_SECRET,
      checks: ['pkce', 'state', 'nonce'],
    },
  ],
  callbacks: {
    // `profile` is there at a sign-in alone: what is needed later goes into the cookie.
    jwt: ({ token, profile }) =>
      profile ? { ...token, iss: profile.iss, sub: profile.sub, idp: profile.idp } : token,
    session: ({ session, token }) => ({
      ...session,
      user: { ...session.user, iss: token.iss, sub: token.sub, idp: token.idp },
    }),
    // Whoever signs out is sent on to the issuer; nobody is sent anywhere else.
    redirect: ({ url, baseUrl }) => {
      const { origin, href } = new URL(url, baseUrl);
      return [baseUrl, new URL(ISSUER).origin].includes(origin) ? href : baseUrl;
    },
  },
};

const app = express();
// At a plain path: with a pattern of Express 5 the adapter mistakes its own address.
app.use('/auth', ExpressAuth(config));
// #endregion

// #region sign-out
// Auth.js ends its session and goes where `callbackUrl` says; the issuer asks, and ends its own.
app.get('/sign-out', async (_, response) => {
  const configuration = await fetch(`${ISSUER}/.well-known/openid-configuration`);
  const end = new URL((await configuration.json()).end_session_endpoint);
  end.searchParams.set('client_id', 'example-authjs');
  end.searchParams.set('post_logout_redirect_uri', `http://127.0.0.1:${PORT}/`);
  response.redirect(`/auth/signout?callbackUrl=${encodeURIComponent(end.href)}`);
});
// #endregion

app.get('/', async (request, response) => {
  const session = await getSession(request, config);
  response.send(
    session
      ? page(`<p>Signed in as <b id="who">${escape(session.user.email)}</b></p>
         <pre id="claims">${escape(JSON.stringify(session.user, null, 2))}</pre>
         <a href="/sign-out">Sign out</a>`)
      : page('<a href="/auth/signin">Sign in</a>'),
  );
});

app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${PORT}/`);
});

function page(body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Auth.js</title>
    <link rel="icon" href="data:,"><h1>Auth.js</h1>${body}`;
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
