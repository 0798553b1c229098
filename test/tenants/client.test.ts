import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { type Adapter, Provider } from 'oidc-provider';
import type { ClientMetadata } from '../../src/domain/tenant.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { faultsOf, soundEnv, soundSettings, writeFolder } from '../settings/config-folder.ts';

const uris = 'redirect_uris: [https://a.example/cb]';
const secret = 'client_secret: { env: DOCS_SECRET }';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const providerKeys = [
  { ...rsa.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' },
  { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' },
];
const jwks = `jwks: ${JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] })}`;

async function load(entry: string): Promise<ClientMetadata> {
  const folder = await writeFolder({
    'guestpass.yaml': soundSettings,
    'tenants/a.yaml': `id: a\ndisplayName: A\nclients:\n  - { client_id: app, ${entry} }\n`,
  });
  const { tenants } = await loadConfiguration(folder, soundEnv);
  return tenants.byId.get('a')!.clients[0]!;
}

/** Only static clients are asked for; an adapter of our own keeps the engine's warning away. */
class ForgetfulAdapter implements Adapter {
  upsert = () => Promise.resolve();
  find = () => Promise.resolve(undefined);
  findByUid = () => Promise.resolve(undefined);
  findByUserCode = () => Promise.resolve(undefined);
  consume = () => Promise.resolve();
  destroy = () => Promise.resolve();
  revokeByGrantId = () => Promise.resolve();
}

describe('resolveClient', () => {
  it('leaves the method to the engine when there is a secret', async () => {
    assert(!('token_endpoint_auth_method' in (await load(`${secret}, ${uris}`))));
  });

  it('takes none without, and private_key_jwt with keys', async () => {
    assert.equal((await load(uris))['token_endpoint_auth_method'], 'none');
    assert.equal((await load(`${uris}, ${jwks}`))['token_endpoint_auth_method'], 'private_key_jwt');
  });

  for (const [title, entry, fault] of [
    ['no place to send guests back to', secret, /redirect_uris  required key missing/],
    ['an empty list of them', `${secret}, redirect_uris: []`, /no address to send guests back to/],
    [
      'an administrator who is a guest',
      `${uris}, ${secret}, admin: { scopes: [guests.read] }`,
      /admin without client_credentials/,
    ],
    [
      'a scope of the admin API that is none',
      `${uris}, ${secret}, grant_types: [client_credentials], admin: { scopes: [guests.reed] }`,
      /guests\.read/,
    ],
    [
      'post without a secret',
      `${uris}, token_endpoint_auth_method: client_secret_post`,
      /without a client_secret/,
    ],
    [
      'a secret nobody asks for',
      `${uris}, ${secret}, token_endpoint_auth_method: none`,
      /although there is a client_secret/,
    ],
    [
      'private_key_jwt without keys',
      `${uris}, token_endpoint_auth_method: private_key_jwt`,
      /without keys/,
    ],
    [
      'jwks and jwks_uri',
      `${uris}, ${jwks}, jwks_uri: https://a.example/jwks`,
      /both jwks and jwks_uri/,
    ],
    [
      'client_credentials for anybody',
      'grant_types: [client_credentials]',
      /client_credentials for anybody/,
    ],
    ['the implicit grant', `${uris}, grant_types: [implicit]`, /unknown value "implicit"/],
    [
      'refresh_token alone',
      `${secret}, grant_types: [refresh_token]`,
      /refresh_token without authorization_code/,
    ],
    [
      'a private key',
      `${uris}, jwks: ${JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] })}`,
      /a private key; write its public half/,
    ],
    [
      'pairwise over two hosts',
      'subject_type: pairwise, redirect_uris: [https://a.example, https://b.example]',
      /pairwise over several hosts/,
    ],
    ['a name like a link', `${uris}, client_name: evil.com`, /client_name  a name that reads like/],
    ['a client id of digits', `${uris}, client_id: 007`, /the same key stands twice/],
    ['an unknown algorithm', `${uris}, id_token_signed_response_alg: none`, /unknown value "none"/],
  ] as const) {
    it(`S39 refuses ${title}`, async () => {
      const lines = await faultsOf(load(entry));
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, fault);
    });
  }

  it('S38 refuses a second client of one id', async () => {
    assert.match(
      (await faultsOf(load(`${uris} }\n  - { client_id: app, ${uris}`)))[0]!,
      /^tenants\/a.yaml:5:18  clients\[1\].client_id  a second client/,
    );
  });

  // The engine says no only when a guest first arrives: what we accept it must accept.
  describe('what it accepts oidc-provider accepts', () => {
    for (const entry of [
      `${secret}, ${uris}`,
      `${secret}, ${uris}, token_endpoint_auth_method: client_secret_post`,
      uris,
      `${uris}, application_type: native`,
      `redirect_uris: [http://localhost/cb, "http://[::1]/cb", http://127.0.0.1/cb], application_type: native`,
      `${uris}, ${jwks}`,
      `${uris}, jwks_uri: https://a.example/jwks`,
      `${secret}, grant_types: [client_credentials]`,
      `${secret}, ${uris}, grant_types: [authorization_code, refresh_token, client_credentials]`,
      `${uris}, post_logout_redirect_uris: [https://a.example/bye], contacts: [a@b.example], scope: openid email`,
      `${uris}, id_token_signed_response_alg: ES256, userinfo_signed_response_alg: RS256`,
      `${uris}, backchannel_logout_uri: https://a.example/bcl, backchannel_logout_session_required: true`,
      `${uris}, require_pushed_authorization_requests: true, dpop_bound_access_tokens: true`,
      `${uris}, default_max_age: 0, require_auth_time: true, client_name: App`,
      `${uris}, subject_type: pairwise`,
      `${uris}, client_uri: https://a.example, logo_uri: https://a.example/l, policy_uri: https://a.example/p, tos_uri: https://a.example/t, initiate_login_uri: https://a.example/login`,
    ]) {
      it(entry.slice(0, 90), async () => {
        const metadata = await load(entry);
        const provider = new Provider('http://127.0.0.1', {
          clients: [structuredClone(metadata)],
          responseTypes: ['code'],
          subjectTypes: ['public', 'pairwise'],
          scopes: ['openid', 'email', 'offline_access'],
          jwks: { keys: providerKeys },
          adapter: ForgetfulAdapter,
          pairwiseIdentifier: () => 'x',
          features: {
            devInteractions: { enabled: false },
            clientCredentials: { enabled: true },
            jwtUserinfo: { enabled: true },
            backchannelLogout: { enabled: true },
          },
          enabledJWA: {
            idTokenSigningAlgValues: ['RS256', 'ES256'],
            userinfoSigningAlgValues: ['RS256', 'ES256'],
          },
        });
        const client = await provider.Client.find('app');
        assert.equal(client?.clientId, 'app');
      });
    }
  });
});
