// The script of an app that lives in the browser alone.
const { ISSUER, CLIENT_ID, MONITOR } = await (await fetch('/settings.json')).json();

// <settings>
const manager = new oidc.UserManager({
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile email',
  // Names are not in the ID token.
  loadUserInfo: true,
  // Before the access token runs out, by the refresh token.
  automaticSilentRenew: !MONITOR,
  // Where session.check_iframe is on, and app and issuer are on one site.
  monitorSession: MONITOR,
  silent_redirect_uri: `${location.origin}/renewed`,
});

// A refresh that is refused means that the session has ended.
manager.events.addSilentRenewError(async (error) => {
  if (error.error === 'invalid_grant') await leave('invalid_grant');
});
// The frame said so, and Lanyard that nobody is signed in.
manager.events.addUserSignedOut(() => leave('signed out at Lanyard'));

async function leave(why) {
  await manager.removeUser();
  await show(why);
}
// </settings>

let renewals = 0;
manager.events.addUserLoaded(() => (document.body.dataset.renewals = String(renewals++)));

async function show(why = '') {
  const user = await manager.getUser();
  const name = user?.profile.preferred_username;
  document.querySelector('#state').textContent = user ? `signed in as ${name}` : 'signed out';
  document.querySelector('#why').textContent = why;
}

async function comeBack() {
  let why = '';
  try {
    await manager.signinRedirectCallback();
  } catch (error) {
    // Whoever asked silently and is refused is signed out.
    await manager.removeUser();
    why = error.error ?? error.message;
  }
  history.replaceState({}, '', '/');
  await show(why);
}

const pages = {
  '/': () => show(),
  '/login': () => manager.signinRedirect(),
  '/silent': () => manager.signinRedirect({ prompt: 'none' }),
  '/callback': comeBack,
  '/renewed': () => manager.signinSilentCallback(),
  '/logout': () => manager.signoutRedirect(),
};
await pages[location.pathname]();
