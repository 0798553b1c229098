// Owns where a tenant's own look is served: its theme and pictures, icons included, from memory.

import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import {
  type Branding,
  type BrandingFile,
  brandingFileOf,
  type BrandingFileName,
  type FooterLink,
} from '../domain/branding.ts';
import { GuestError } from '../domain/errors.ts';
import type { Tenant } from '../domain/tenant.ts';
import { iconByName } from './app-icons.ts';
import { themeOf } from './theme.ts';

/** What a page of a tenant draws of its look; addresses are paths. */
export interface DrawnBranding {
  readonly theme: string | null;
  readonly logo: string | null;
  readonly logoDark: string | null;
  readonly favicon: { readonly href: string; readonly type: string } | null;
  readonly footerLinks: readonly FooterLink[];
}

/** What is served of one tenant, and under which version. */
interface Served {
  readonly type: string;
  readonly body: string | Buffer;
  readonly version: string;
}

/** The part of a path, behind the tenant's, that {@link answerBranding} answers. */
export const BRANDING_PATH =
  /^\/(theme\.css|branding\/(?:logo|logo-dark|favicon|background|icon\/[\w-]{16}))$/;

const THEME = 'theme.css';
const ICONS = 'branding/icon/';
const NAMES: readonly BrandingFileName[] = ['logo', 'logo-dark', 'favicon', 'background'];
// The pages name each version by a hash of it, so a copy is good for as long as anybody keeps it.
const CACHE = 'public, max-age=31536000, immutable';
/** An SVG opened by itself is a document: it runs nothing, loads nothing and is of no origin. */
const PICTURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

/** Made once per tenant of a snapshot, and gone with it. The theme is that of the base asked last. */
const known = new WeakMap<Branding, { pictures: Map<string, Served>; theme?: Theme }>();

interface Theme {
  readonly base: string;
  readonly served: Served | undefined;
}

/**
 * Answers with the theme or a picture of a tenant. Another version than the one at hand gets that
 * one too, uncached: a page drawn a moment before a change must not go without, nor keep it.
 *
 * @param base path the tenant's files are under, without a trailing slash
 * @param name as {@link BRANDING_PATH} finds it: `theme.css`, `branding/logo`, …; an icon is named by
 *   its content, so there is no other version of it
 * @throws {GuestError} `not_found` where the tenant has none; `method_not_allowed`
 */
export function answerBranding(ctx: Context, tenant: Tenant, base: string, name: string): void {
  const isIcon = name.startsWith(ICONS);
  const { branding } = tenant;
  const served = isIcon ? iconOf(tenant, name) : branding && servedOf(branding, base, name);
  if (!served) throw new GuestError('not_found');
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new GuestError('method_not_allowed');
  const isCurrent = isIcon || ctx.query['v'] === served.version;
  ctx.set('Cache-Control', isCurrent ? CACHE : 'no-store');
  if (name !== THEME) ctx.set('Content-Security-Policy', PICTURE_POLICY);
  ctx.type = served.type;
  ctx.body = served.body;
}

function iconOf(tenant: Tenant, name: string): Served | undefined {
  const version = name.slice(ICONS.length);
  const icon = iconByName(tenant, version);
  return icon && { type: icon.type, body: bodyOf(icon), version };
}

/**
 * What a page of a tenant draws of its look.
 *
 * @param base as for {@link answerBranding}
 * @returns null for a tenant without a look of its own
 */
export function drawnBranding({ branding }: Tenant, base: string): DrawnBranding | null {
  if (!branding) return null;
  const hrefOf = (name: string): string | null => {
    const served = servedOf(branding, base, name);
    return served ? `${base}/${name}?v=${served.version}` : null;
  };
  const favicon = hrefOf('branding/favicon');
  return {
    theme: hrefOf(THEME),
    logo: hrefOf('branding/logo'),
    logoDark: hrefOf('branding/logo-dark'),
    favicon: favicon === null ? null : { href: favicon, type: branding.favicon?.type ?? '' },
    footerLinks: branding.footerLinks ?? [],
  };
}

function servedOf(branding: Branding, base: string, name: string): Served | undefined {
  const made = known.get(branding) ?? { pictures: new Map(picturesOf(branding)) };
  known.set(branding, made);
  if (name !== THEME) return made.pictures.get(name);
  if (made.theme?.base !== base) {
    const background = made.pictures.get('branding/background');
    // In full: what is relative in a property is read from one sheet here and another there.
    const picture = background && `${base}/branding/background?v=${background.version}`;
    const theme = themeOf(branding, picture ?? null);
    const served = theme === undefined ? undefined : sheetOf(theme);
    made.theme = { base, served };
  }
  return made.theme?.served;
}

function sheetOf(body: string): Served {
  return { type: 'text/css; charset=utf-8', body, version: versionOf(body) };
}

function* picturesOf(branding: Branding): Generator<[string, Served]> {
  for (const name of NAMES) {
    const file: BrandingFile | undefined = brandingFileOf(branding, name);
    if (!file) continue;
    const body = bodyOf(file);
    yield [`branding/${name}`, { type: file.type, body, version: versionOf(body) }];
  }
}

function bodyOf({ bytes }: BrandingFile): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function versionOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12);
}
