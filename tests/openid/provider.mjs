// A certified OpenID provider (npm oidc-provider) for the tests: people sign in under any name with any password.
// Started by tests/openid/running.py with the port, our redirect address and the address to come home to.
import * as oidc from 'oidc-provider';

const [port, redirect, home] = process.argv.slice(2);
const { Provider } = oidc;
const issuer = `http://localhost:${port}`;

const provider = new Provider(issuer, {
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
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_context, sub) => ({
    accountId: sub,
    claims: () => ({ sub, staff_number: sub.replace('number-', ''), acr: sub.startsWith('two-') ? 'two' : 'one' }),
  }),
  cookies: { keys: ['a-key-of-the-tests'] },
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
