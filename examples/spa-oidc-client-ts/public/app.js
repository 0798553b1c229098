/* global oidc -- the browser bundle of oidc-client-ts */

// #region manager
const manager = new oidc.UserManager({
  authority: await (await fetch('/issuer.json')).json(),
  client_id: 'example-spa',
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid email profile',
  // With a refresh token no hidden frame is needed, and none would work: the pages refuse frames.
  automaticSilentRenew: true,
});
// #endregion

const element = (id) => document.getElementById(id);

if (location.pathname === '/callback') {
  try {
    await manager.signinCallback();
  } catch (error) {
    // Such as access_denied, when the guest turned back.
    element('error').textContent = error.error ?? error.message;
    element('error').hidden = false;
  }
  // Code and state do not belong in the history.
  history.replaceState(null, '', '/');
}
show(await manager.getUser());

element('sign-in').addEventListener('click', () => manager.signinRedirect());
element('sign-out').addEventListener('click', () => manager.signoutRedirect());

// #region renew
// The library does the same by itself, a minute before the ten minutes of the access token end. Each
// refresh token is good once. When the session is over, 24 hours after the code, there is none left.
let renewals = 1;
element('renew').addEventListener('click', async () => {
  try {
    show(await manager.signinSilent());
    renewals += 1;
    element('renewals').textContent = String(renewals);
  } catch {
    await manager.removeUser();
    show(null);
  }
});
// #endregion

element('ask').addEventListener('click', async () => {
  const { access_token: token } = await manager.getUser();
  const address = await manager.metadataService.getUserInfoEndpoint();
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
  element('userinfo').textContent = answer.ok
    ? JSON.stringify(await answer.json(), null, 2)
    : `refused: ${answer.status}`;
});

function show(user) {
  element('sign-in').hidden = user !== null;
  element('signed-in').hidden = user === null;
  element('who').textContent = user?.profile.email ?? '';
  element('claims').textContent = JSON.stringify(user?.profile ?? null, null, 2);
}
