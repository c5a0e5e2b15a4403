// A certified OpenID provider (npm oidc-provider) for the tests: people sign in under any name with any password, and
// whoever is called two-… has shown two factors. Started by tests/openid/running.py with the port, our redirect address
// and the address to come home to.
import * as oidc from 'oidc-provider';

const [port, redirect, home] = process.argv.slice(2);
const { Provider } = oidc;
const SCOPE = 'openid staff';

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'zhengtong',
    client_secret: 'a-secret-of-the-tests',
    redirect_uris: [redirect],
    post_logout_redirect_uris: [home],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  acrValues: ['one', 'two'],
  claims: { openid: ['sub', 'acr'], staff: ['staff_number'] },
  scopes: ['openid', 'staff'],
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({
    accountId: sub,
    claims: () => ({ sub, staff_number: sub.replace('number-', '') }),
  }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope(SCOPE);
    await grant.save();
    return grant;
  },
  cookies: { keys: ['a-key-of-the-tests'] },
});

async function fields(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return new URLSearchParams(body);
}

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = `<form method="post" action="${ctx.path}"><input type="hidden" name="prompt" value="login">`
      + '<input name="login"><input name="password" type="password"><button type="submit">Sign in</button></form>';
    return undefined;
  }
  const name = (await fields(ctx.req)).get('login');
  const login = { accountId: name, acr: name.startsWith('two-') ? 'two' : 'one' };
  return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
