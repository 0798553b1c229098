// Owns the name of a request's route: one of a list, whatever was asked.

/** As docs/routes.md has them. */
const TEMPLATES = [
  '/',
  '/{tenant}',
  '/{tenant}/',
  '/{tenant}/theme.css',
  '/{tenant}/branding/logo',
  '/{tenant}/branding/logo-dark',
  '/{tenant}/branding/favicon',
  '/{tenant}/branding/background',
  '/{tenant}/branding/icon/{id}',
  '/{tenant}/invitation',
  '/{tenant}/invitation/accept',
  '/{tenant}/invitation/block',
  '/{tenant}/signin/{uid}',
  ...[
    'address',
    'method',
    'leave',
    'returned',
    'retry',
    'send',
    'passcode',
    'link',
    'accept',
    'decline',
    'continue',
    'over',
  ].map((step) => `/{tenant}/signin/{uid}/${step}`),
  '/{tenant}/signin/restart',
  '/{tenant}/signin/federation/over',
  '/{tenant}/signin/federation/{connection}/callback',
  '/{tenant}/signin/federation/{connection}/metadata',
  '/{tenant}/signin/home',
  '/{tenant}/signin/home/callback',
  '/{tenant}/signin/home/invitations',
  '/{tenant}/signin/home/leave',
  '/{tenant}/signin/home/sign-in',
  '/{tenant}/signin/home/sign-out',
  '/{tenant}/v2.0/.well-known/openid-configuration',
  '/{tenant}/v2.0/auth',
  '/{tenant}/v2.0/auth/{uid}',
  '/{tenant}/v2.0/jwks',
  '/{tenant}/v2.0/me',
  '/{tenant}/v2.0/request',
  '/{tenant}/v2.0/session/end',
  '/{tenant}/v2.0/session/end/confirm',
  '/{tenant}/v2.0/session/end/success',
  '/{tenant}/v2.0/token',
  '/{tenant}/v2.0/token/introspection',
  '/{tenant}/v2.0/token/revocation',
  '/.well-known/openid-configuration/{tenant}/v2.0',
  '/.well-known/oauth-authorization-server/{tenant}/v2.0',
  '/assets/{name}',
  '/authorize',
  '/dev/mailbox',
  '/dev/mailbox/{id}',
  '/dev/mailbox/{id}/html',
  '/mail-reports',
  // The admin API's, on the private listener.
  '/.well-known/oauth-protected-resource/{tenant}/v1.0',
  '/{tenant}/v1.0/auditLogs/directoryAudits',
  '/{tenant}/v1.0/auditLogs/signIns',
  '/{tenant}/v1.0/directory/deletedItems/microsoft.graph.user',
  '/{tenant}/v1.0/directory/deletedItems/{id}/restore',
  '/{tenant}/v1.0/explain',
  '/{tenant}/v1.0/identity/identityProviders',
  '/{tenant}/v1.0/invitations',
  '/{tenant}/v1.0/invitations/{id}',
  '/{tenant}/v1.0/invitations/{id}/resend',
  '/{tenant}/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email',
  '/{tenant}/v1.0/users',
  '/{tenant}/v1.0/users/{id}',
  '/{tenant}/v1.0/users/{id}/mails',
  '/{tenant}/v1.0/users/{id}/resetRedemption',
  '/{tenant}/v1.0/users/{id}/revokeSignInSessions',
] as const;

interface Node {
  readonly next: Map<string, Node>;
  template?: string;
}

const root = plant(TEMPLATES);

/**
 * Finds the template of a URL. Pure; costs a look-up per segment.
 *
 * @param url as Node gives it, query and all
 * @returns undefined for what is none of ours, so that nobody can make names by asking for them
 */
export function templateOf(url: string): string | undefined {
  const [path = ''] = url.split(/[?#]/, 1);
  let node: Node | undefined = root;
  for (const segment of path.split('/', 8).slice(1)) {
    node = node.next.get(segment) ?? (segment === '' ? undefined : node.next.get('{}'));
    if (!node) return undefined;
  }
  return node.template;
}

function plant(templates: readonly string[]): Node {
  const first: Node = { next: new Map() };
  for (const template of templates) {
    let node = first;
    for (const segment of template.split('/').slice(1)) {
      const key = segment.startsWith('{') ? '{}' : segment;
      const next: Node = node.next.get(key) ?? { next: new Map() };
      node.next.set(key, next);
      node = next;
    }
    node.template = template;
  }
  return first;
}
