// Owns how a page is drawn: precompiled EJS behind koa-views, one fixed set of locals per page.

import { createHash, randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ejs from 'ejs';
import type Koa from 'koa';
import koaViews from 'koa-views';
import type { BrowserName } from '../domain/browser-name.ts';
import { errorTable, type ErrorCode } from '../domain/errors.ts';
import { defaultLimits, type Limits } from '../domain/limits.ts';
import type { Tenant } from '../domain/tenant.ts';
import { isolateIn } from '../i18n/isolate.ts';
import { directionOf, languageName } from '../i18n/languages.ts';
import type { Translate, Translator } from '../i18n.ts';
import { inertLines, inertName, inertPerson } from '../mail/inert-text.ts';
import { createLanguage, describeBrowser, describeMoment } from '../mail/words.ts';
import { type DrawnBranding, drawnBranding } from './branding.ts';
import { drawnNotice, drawnProblem, errorParams, errorTitle } from './drawn-problem.ts';
import { createPageLanguage, languageHref, type PageLanguage } from './language.ts';
import type { Page, Problem } from './page.ts';

/** Draws pages. One per process; safe for concurrent requests. */
export interface Views {
  /**
   * Answers a request with one page: HTML, `Cache-Control: no-store`, in the guest's language.
   *
   * koa-views is put on this one request only: a `ctx.render` of the host stays what it was.
   *
   * @param options `status` defaults to the page's own ({@link statusOf}); `locale` to what the
   *   request asks for; `tenant` is whose page it is, for its own look, languages and words
   * @throws {TypeError} when a view asks for an unknown sentence
   */
  render(
    ctx: Koa.Context,
    page: Page,
    options?: {
      readonly status?: number;
      readonly locale?: string;
      readonly tenant?: Tenant | undefined;
    },
  ): Promise<void>;
}

/** A program's answer to a request Guestpass refuses; RFC 6749 section 5.2 plus two members. */
export interface ProblemJson {
  /** The registered OAuth code that programs branch on. */
  readonly error: string;
  /** Printable ASCII without quotes and backslashes, for the program's developer. */
  readonly error_description: string;
  /** The stable code of `errorTable`. */
  readonly error_code: ErrorCode;
  /** Finds the request in the log. */
  readonly reference: string;
}

/** What every view sees; nothing else is in scope (S61). */
const VIEW_NAMES =
  'page problem given product locale dir stylesheet script t rich errorText errorTitle isoTime moment partial ' +
  'brand tenantName inviter inertName inertLines languages languageName languageHref browser ' +
  'guestHelp list';
type View = Readonly<Record<string, unknown>>;
type Template = (view: View) => string;

/** What of a page stands around its own model. */
interface Surroundings {
  /** Where the links of the languages lead, up to the language. */
  readonly languageHref: string;
  readonly stylesheet: string;
  readonly script: string;
  readonly tenant: Tenant | undefined;
  readonly brand: DrawnBranding | null;
}
type KoaRender = (file: string, locals: { readonly view: View }) => Promise<void>;

/** Stands for a marked word until the sentence is escaped; random, so that no value can pose as one. */
const MARK = randomUUID();
const MARKED = new RegExp(`${MARK}(\\d)`, 'g');

/**
 * Compiles every view once and joins them to koa-views.
 *
 * @param deps `viewsDirectory` holds `*.ejs`, `partials/` and `assets/`, default the
 *   package's `views`; `product` is the name in the footer
 * @throws {SyntaxError} when a view does not compile
 */
export function createViews(deps: {
  readonly translator: Translator;
  readonly product: string;
  /** Default: as the request asks, and a choice is kept for pages without https. */
  readonly language?: PageLanguage;
  readonly viewsDirectory?: URL;
  /** For how long a sign-in works, which its page says once it is over; default as shipped. */
  readonly limits?: Pick<Limits, 'interactionSeconds'>;
  /** Path the assets of a request's pages are under; default `/assets`. */
  readonly assetsPath?: (ctx: Koa.Context) => string;
  /** Path a tenant's own theme and pictures are under; default `/{tenantId}`. */
  readonly brandingPath?: (ctx: Koa.Context, tenant: Tenant) => string;
}): Views {
  const { translator, product, assetsPath = () => '/assets' } = deps;
  const { limits = defaultLimits } = deps;
  const minutes = Math.max(1, Math.round(limits.interactionSeconds / 60));
  const { brandingPath = (_ctx, { id }) => `/${id}` } = deps;
  const { language = createPageLanguage(translator, false) } = deps;
  const root = fileURLToPath(deps.viewsDirectory ?? new URL('../../views/', import.meta.url));
  const templates = compileTemplates(root);
  const assets = { stylesheet: versioned('style.css'), script: versioned('enhance.js') };
  const fixed = {
    product,
    errorTitle,
    isoTime,
    inertName,
    inertLines,
    languageName: (locale: string) => names.get(locale) ?? locale,
    given: {},
  };
  const languages = new Map(
    translator.locales.map((locale) => [locale, createLanguage(translator, locale)]),
  );
  const directions = new Map(translator.locales.map((locale) => [locale, directionOf(locale)]));
  const names = new Map(translator.locales.map((locale) => [locale, languageName(locale)]));
  const lists = new Map(translator.locales.map((locale) => [locale, new Intl.ListFormat(locale)]));
  const install = koaViews(root, {
    extension: 'ejs',
    engineSource: {
      // koa-views merges the host's ctx.state into its locals: only `view` is taken from them, so
      // nothing a host keeps there, and no EJS option hidden in it (CVE-2022-29078), gets through.
      ejs: async (file: string, { view }: { readonly view: View }) => draw(file, view),
    },
  });

  return {
    render: async (ctx, page, options = {}) => {
      const { tenant } = options;
      const locale = options.locale ?? language.of(ctx, tenant);
      if (options.locale === undefined) language.keep(ctx);
      const path = assetsPath(ctx);
      const view = viewOf(page, locale, {
        stylesheet: `${path}/${assets.stylesheet}`,
        script: `${path}/${assets.script}`,
        tenant,
        brand: tenant ? drawnBranding(tenant, brandingPath(ctx, tenant)) : null,
        languageHref: languageHref(ctx, page),
      });
      // With its extension: without, koa-views looks for the file twice.
      await renderOnce(ctx, `${page.page}.ejs`, { view });
      ctx.status = options.status ?? statusOf(page);
      ctx.set('Cache-Control', 'no-store');
      ctx.set('Content-Language', locale);
      ctx.vary(['Accept-Language', 'Cookie']);
    },
  };

  /** With a version, so that it can be cached for ever and still change with a deployment. */
  function versioned(name: string): string {
    const file = readFileSync(join(root, 'assets', name));
    return `${name}?v=${createHash('sha256').update(file).digest('base64url').slice(0, 12)}`;
  }

  async function renderOnce(ctx: Koa.Context, file: string, locals: { view: View }): Promise<void> {
    const restore = [setAside(ctx), setAside(ctx.response)];
    await install(ctx, () => Promise.resolve());
    const render = ctx.render.bind(ctx) as KoaRender;
    for (const putBack of restore) putBack();
    await render(file, locals);
  }

  function viewOf(page: Page, locale: string, surroundings: Surroundings): View {
    const { tenant } = surroundings;
    const translate = translator.in(locale, tenant?.wording);
    const tenantName = ('tenantName' in page && page.tenantName) || tenant?.displayName;
    const names = {
      tenant: tenantName || translate('page.frame.thisOrganisation'),
      client: clientNameOf(page),
      place: 'place' in page ? page.place : translate('page.frame.otherPlace'),
      // Typed by whoever invites: a name must not turn the sentence around it (S22).
      inviter: 'inviter' in page && page.inviter !== null ? inertPerson(page.inviter) : '',
    };
    const dir = directions.get(locale) ?? 'ltr';
    const filled = (params?: View) => isolateIn(dir, { ...names, ...params });
    const t: Translate = (id, params) => translate(id, filled(params));
    const errorText = (code: ErrorCode, params?: Problem['params']) =>
      t(`error.${code}`, {
        ...(code === 'interaction_expired' && { count: minutes }),
        ...errorParams(page, code, params),
      });
    const problem = 'problem' in page && page.problem ? page.problem : null;
    const view: Record<string, unknown> = {
      ...fixed,
      ...surroundings,
      languages: tenant?.languages?.filter((one) => directions.has(one)) ?? translator.locales,
      tenantName,
      guestHelp: tenant?.guestHelp,
      page,
      locale,
      t,
      inviter: names.inviter,
      errorText,
      rich: createRich((id, params, marks) => translate(id, { ...filled(params), ...marks })),
      dir,
      // As the mail writes it: people compare the two (S14).
      moment: (at: number) => describeMoment(at, languages.get(translator.negotiate([locale]))!),
      browser: (name: BrowserName | null) => describeBrowser(name, t),
      list: (texts: readonly string[]) => lists.get(locale)!.formatToParts(texts),
      problem: problem ? drawnProblem(page, problem, errorText) : drawnNotice(page, t),
      partial: (name: string, given: View = {}) =>
        draw(join(root, 'partials', `${name}.ejs`), { ...view, given }),
      // koa-views prints its locals when DEBUG asks for it: addresses and form tokens must not be.
      toJSON: () => page.page,
    };
    return view;
  }

  function draw(file: string, view: View): string {
    const template = templates.get(file);
    if (!template) throw new TypeError(`no view ${file}`);
    return template(view);
  }
}

/**
 * Names the HTTP status a page is sent with: that of the problem or code it shows, else 200. Pure.
 */
export function statusOf(page: Page): number {
  if (page.page === 'expired') return errorTable.interaction_expired.status;
  if (page.page === 'code-expired') return errorTable.passcode_expired.status;
  if (page.page === 'invitation-broken') return errorTable.invitation_unknown.status;
  if (page.page === 'invitation' && page.state === 'expired') {
    return errorTable.invitation_expired.status;
  }
  if ('code' in page) return errorTable[page.code].status;
  return 'problem' in page && page.problem ? errorTable[page.problem.code].status : 200;
}

/**
 * Says no to a program. Pure.
 *
 * @param detail for the program's developer; dropped for codes that expose nothing
 * @returns the body; its status is `errorTable[code].status`
 * @source RFC 6749 section 5.2 (character set of error_description)
 */
export function problemJson(
  code: ErrorCode,
  reference: string,
  detail: string | null,
): ProblemJson {
  const { oauth, expose } = errorTable[code];
  const text = expose && detail !== null ? detail : code.replaceAll('_', ' ');
  return {
    error: oauth,
    error_description: text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?'),
    error_code: code,
    reference,
  };
}

function compileTemplates(root: string): ReadonlyMap<string, Template> {
  const names = globSync(['*.ejs', 'partials/*.ejs'], { cwd: root });
  return new Map(
    names.map((name) => {
      const filename = join(root, name);
      // Strict, without `with`: a name that is not in VIEW_NAMES is an error, not a lookup in data.
      const options = {
        filename,
        strict: true,
        compileDebug: false,
        destructuredLocals: VIEW_NAMES.split(' '),
      };
      return [filename, ejs.compile(readFileSync(filename, 'utf8'), options)];
    }),
  );
}

/** Hides an own or inherited `render`, because koa-views stands back where there is one. */
function setAside(target: object): () => void {
  const own = Object.getOwnPropertyDescriptor(target, 'render');
  Object.defineProperty(target, 'render', { value: undefined, writable: true, configurable: true });
  return () => {
    if (own) Object.defineProperty(target, 'render', own);
    else Reflect.deleteProperty(target, 'render');
  };
}

/**
 * Sentences with marked words: escapes everything, then puts the marked ones in
 * `<bdi><strong>`, so that a name in another script cannot turn the sentence around it.
 */
function createRich(t: (id: string, params: View, marks: View) => string) {
  return (id: string, marked: Readonly<Record<string, string>>, params: View = {}): string => {
    const words = Object.values(marked).map(
      (word) => `<bdi><strong>${ejs.escapeXML(word)}</strong></bdi>`,
    );
    const marks = Object.keys(marked).map((name, index) => [name, `${MARK}${index}`]);
    const sentence = ejs.escapeXML(t(id, params, Object.fromEntries(marks)));
    return sentence.replace(MARKED, (_, index: string) => words[Number(index)] ?? '');
  };
}

function clientNameOf(page: Page): string {
  if ('clientName' in page) return page.clientName;
  return 'client' in page ? (page.client?.name ?? '') : '';
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}
