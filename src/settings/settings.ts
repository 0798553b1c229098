// Owns the installation's settings: what config/guestpass.yaml says, checked and resolved.

import type { Limits } from '../domain/limits.ts';

/** Days the audit trail is kept when nothing is said. */
export const defaultAuditDays = 365;

/** Where everything is remembered. */
export type DatabaseSettings =
  | { readonly kind: 'sqlite'; /** absolute path */ readonly file: string }
  | {
      readonly kind: 'mysql';
      /** mysql://user:password@host:port/name; several hosts with commas between them */
      readonly url: string;
    };

/** How mail leaves. */
export type MailTransportSettings =
  | {
      readonly kind: 'smtp';
      readonly host: string;
      readonly port: number;
      /** Implicit TLS (smtps:). */
      readonly implicitTls: boolean;
      /** STARTTLS is demanded; false only for loopback hosts (S21). */
      readonly requireTls: boolean;
      readonly user?: string;
      readonly password?: string;
    }
  | { readonly kind: 'mailbox' };

/** How mail is signed (RFC 6376). */
export interface DkimSettings {
  /** The domain that answers for it, that of the sender or one above it. */
  readonly domain: string;
  readonly selector: string;
  /** RSA, PKCS #8 in PEM. */
  readonly privateKey: string;
}

export interface MailSettings {
  readonly transport: MailTransportSettings;
  /** The sender's address, already parsed. */
  readonly from: string;
  /** Where mail servers send what they have to report; default the sender's address. */
  readonly returnPath?: string;
  /** Default mail leaves unsigned, for the relay to sign. */
  readonly dkim?: DkimSettings;
  /** Who knows it may report bounces and complaints to the private listener; default nobody may. */
  readonly reportKey?: Buffer;
}

/** The installation's secrets; never in the database, never printed. */
export interface Secrets {
  /** Keys of the passcode digests by version, 32 bytes or more each; the last one is current (S3). */
  readonly peppers: readonly Buffer[];
  /** Master key of everything sealed in the database: outbox contents, signing keys. 32 bytes or more. */
  readonly sealingKey: Buffer;
  /** Cookie and form signing keys, newest first, 32 bytes or more each. */
  readonly cookieKeys: readonly Buffer[];
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** All settings of one installation. */
export interface Settings {
  /** Origin without a trailing slash, e.g. `https://guest.example`. */
  readonly publicUrl: string;
  /** Whether `publicUrl` is plain http on loopback: development only. */
  readonly loopback: boolean;
  readonly listen: ListenAddress;
  /** The private listener; undefined is none. */
  readonly adminListen: ListenAddress | undefined;
  /** How many processes serve. */
  readonly processes: number;
  readonly database: DatabaseSettings;
  readonly mail: MailSettings;
  readonly limits: Limits;
  /** Whether people without tenant context may name the organisation themselves (R16). */
  readonly tenantPicker: boolean;
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed (S60). */
  readonly trustedProxies: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Days the audit trail is kept in the database, 1 to 3650. */
  readonly auditDays: number;
  readonly secrets: Secrets;
}
