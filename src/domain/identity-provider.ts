// Owns the places that can know a guest: their kinds, and what tokens call them.

/** Every way in which a guest can prove who they are. */
export const REDEMPTION_METHODS = [
  'emailOneTimePasscode',
  'homeDirectory',
  'externalFederation',
  'google',
  'consumerAccount',
  'unmanagedAccount',
] as const;

/** How a guest proves who they are; bound at redemption and kept until a reset (R6, R7). */
export type RedemptionMethod = (typeof REDEMPTION_METHODS)[number];

/** A method another place performs: every one but the passcode. */
export type UpstreamMethod = Exclude<RedemptionMethod, 'emailOneTimePasscode'>;

/** One account of a directory. Both in match-key form (local part lower-case, A-labels). */
export interface DirectoryAccount {
  /** The name the directory signs the account in by. */
  readonly userPrincipalName: string;
  /** Other addresses of the same account; only those in the connection's domains count. */
  readonly aliases: readonly string[];
}

/** How it is known whether an address has an account at a connection (R9, R46). */
export type Members =
  /** Every address of its domains has one. */
  | { readonly by: 'domain' }
  /** Those of a file, by match key of user principal name and of every alias. */
  | { readonly by: 'accounts'; readonly accounts: ReadonlyMap<string, DirectoryAccount> }
  /** Asked by HTTP: `GET url?address=…` with the bearer token. */
  | { readonly by: 'lookup'; readonly url: string; readonly token: string };

/** An OpenID Provider upstream. */
export interface OidcUpstream {
  readonly protocol: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scopes asked for; always with `openid email`. */
  readonly scope: string;
}

/** A SAML identity provider upstream: its metadata by URL, or all of it at hand. */
export interface SamlUpstream {
  readonly protocol: 'saml';
  /** Its entity id. */
  readonly issuer: string;
  /** Fetched, kept, and fetched again when a signature no longer fits or a certificate ends (R51). */
  readonly metadataUrl: string | undefined;
  /** Where guests are sent: HTTP-Redirect binding. Undefined when `metadataUrl` says it. */
  readonly singleSignOnUrl: string | undefined;
  /** PEM or bare base64 of the DER; several while a certificate is rolled over. */
  readonly certificates: readonly string[];
  /** Whether the response as a whole must be signed too; false only by explicit configuration. */
  readonly responseSigned: boolean;
}

/** One configured place that knows guests. Frozen by the loader. */
export interface Connection {
  /** `^[a-z0-9][a-z0-9-]{0,31}$`, unique in the tenant; part of callback URLs and of the link key. */
  readonly id: string;
  readonly method: UpstreamMethod;
  /** Shown on pages. */
  readonly displayName: string;
  /** Lower-case A-labels it may assert addresses of, compared exactly (S50); `any` for consumer and
   *  unmanaged accounts, whose addresses are their owners'. */
  readonly domains: readonly string[] | 'any';
  readonly members: Members;
  readonly upstream: OidcUpstream | SamlUpstream;
  /** Inbound cross-tenant access of a home directory (R74). */
  readonly inbound: 'allowed' | 'blocked';
  /** Both true: redeemed without asking for consent (R72). */
  readonly automaticRedemption: { readonly inbound: boolean; readonly outbound: boolean };
  /** `tenant_region_scope` of the partner's discovery document; `USG` cannot redeem in gov (R43). */
  readonly regionScope: string | undefined;
  /** Domains whose owner takes no accounts made by mail alone (row 12); unmanaged accounts only. */
  readonly refusedDomains: readonly string[];
  /** Consumer domains for row 12, e.g. outlook.com; consumer accounts only. */
  readonly consumerDomains: readonly string[];
}

/** Domains of Google's own mailboxes, exactly these (R48). */
export const GOOGLE_DOMAINS: readonly string[] = Object.freeze(['gmail.com', 'googlemail.com']);

/**
 * Who authenticated a guest, as the `idp` claim says it: `mail`, `google.com`, or the upstream
 * issuer.
 *
 * @source rules R27
 */
export function idpOf(method: RedemptionMethod, upstreamIssuer: string | null): string {
  if (method === 'emailOneTimePasscode') return 'mail';
  return method === 'google' ? 'google.com' : (upstreamIssuer ?? method);
}

/** Tells whether a connection may assert addresses of a domain: exact, never a suffix (S50). */
export function coversDomain(connection: Pick<Connection, 'domains'>, domain: string): boolean {
  return connection.domains === 'any' || connection.domains.includes(domain);
}
