import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { parse, stringify } from 'yaml';
import { createProgram } from '../src/cli/program.ts';
import { errorTable } from '../src/domain/errors.ts';
import type { Door } from '../src/domain/redemption.ts';
import { nextStep, type SignInState } from '../src/domain/sign-in.ts';
import { formatFault } from '../src/settings/fault.ts';
import { checkConfiguration } from '../src/tenants/configuration.ts';
import { soundSettings, writeFolder } from './settings/config-folder.ts';
import { Jar } from './support/jar.ts';
import { startWorld, type World } from './support/world.ts';
import { goodCertificate } from './tenants/certificates.ts';

type Sent = NonNullable<SignInState['sent']>;

const LIMITS = { attemptsPerPasscode: 2, passcodesPerSignIn: 3 };
const NOW = 0;
const ALIVE = NOW + 1;
const NOTHING_SENT = { sends: 0, liveFrom: 1, liveUntil: null, attempts: 0, verifiedAt: null };

const PASSCODE: Door = {
  method: 'emailOneTimePasscode',
  connection: null,
  create: false,
  userPrincipalName: null,
};
const ELSEWHERE: Door = { ...PASSCODE, method: 'google', connection: 'google' };
const ROW = { row: '9', rule: 'R3' };
/** What may be found of an address. */
const DECIDED: readonly {
  readonly found: string;
  readonly state: Pick<SignInState, 'decision' | 'door'>;
}[] = [
  {
    found: 'mailbox alone',
    state: { decision: { ...ROW, outcome: 'use', door: PASSCODE }, door: PASSCODE },
  },
  {
    found: 'known elsewhere',
    state: { decision: { ...ROW, outcome: 'use', door: ELSEWHERE }, door: ELSEWHERE },
  },
  {
    found: 'known at several',
    state: { decision: { ...ROW, outcome: 'choose', doors: [PASSCODE, ELSEWHERE] }, door: null },
  },
  {
    found: 'no door',
    state: { decision: { ...ROW, outcome: 'refuse', code: 'no_method' }, door: null },
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).map((path) => ({
  path,
  text: read(path),
}));

describe('docs/errors.md', () => {
  it('lists every error and no other, with its status and OAuth code', () => {
    const rows = [
      ...read('docs/errors.md').matchAll(/^\| `(\w+)` \| (\d+) \| `(\w+)` \| [^|]+ \| [^|]+ \|$/gm),
    ].map(([, code, status, oauth]) => [code, Number(status), oauth]);
    const wanted = Object.entries(errorTable).map(([code, { status, oauth }]) => [
      code,
      status,
      oauth,
    ]);
    assert.deepEqual(rows, wanted);
  });
});

describe('docs/routes.md', () => {
  const routes = [
    ...read('docs/routes.md').matchAll(/^\| (GET|POST) \| `([^`]+)` \| (\d{3}) \|/gm),
  ].map(([, method = '', path = '', status]) => ({ method, path, status: Number(status) }));
  const paths = new Set(routes.map(({ path }) => path));
  let world: World;

  before(async () => {
    const mail = { transport: 'mailbox', from: 'no-reply@guestpass.example' };
    world = await startWorld({ settings: { mail } });
  });
  after(() => world.close());

  for (const { method, path, status } of routes) {
    it(`says what ${method} ${path} answers`, async () => {
      const asked = path
        .replaceAll('{tenant}', 'a')
        .replaceAll(/\{(?:uid|id|connection)\}/g, 'nothing');
      const url = `${world.publicUrl}${asked}`;
      const answer = await (method === 'GET' ? new Jar().get(url) : new Jar().post(url, ''));
      assert.equal(answer.status, status);
    });
  }

  it('lists every endpoint of discovery', async () => {
    const issuer = `${world.publicUrl}/a/v2.0`;
    const { text } = await new Jar().get(`${issuer}/.well-known/openid-configuration`);
    const metadata: Record<string, unknown> = JSON.parse(text);
    const endpoints = Object.entries(metadata).filter(([name]) =>
      /_endpoint$|^jwks_uri$/.test(name),
    );
    assert.ok(endpoints.length >= 8);
    for (const [name, url] of endpoints) {
      const path = String(url).replace(`${world.publicUrl}/a/`, '/{tenant}/');
      assert.ok(paths.has(path), `${name} ${path}`);
    }
  });

  it('lists every page of a sign-in', () => {
    const source = read('src/http/interaction.ts');
    const named = [...source.matchAll(/router\.(get|post)\('([^']+)'/g)];
    const buttons = /const buttons\b.*= \{\n([^}]*)\}/.exec(source)?.[1] ?? '';
    const pressed = [...buttons.matchAll(/^ +(\w+):/gm)].map(([, name]) => [
      '',
      'post',
      `/${name}`,
    ]);
    const served = [...named, ...pressed];
    assert.ok(named.length >= 7 && pressed.length >= 5);
    for (const [, method = '', page = ''] of served) {
      const path = `/{tenant}/signin/{uid}${page === '/' ? '' : page}`;
      const isListed = routes.some(
        (route) => route.path === path && route.method === method.toUpperCase(),
      );
      assert.ok(isListed, `${method} ${path}`);
    }
  });

  for (const [pattern, place, file] of [
    ['FEDERATION_PATH', '/{tenant}/signin/federation/{connection}', 'federation'],
    ['INVITATION_PATH', '/{tenant}/invitation', 'invitation'],
    ['HOME_PATH', '/{tenant}/signin/home', 'home'],
  ] as const) {
    it(`lists every path of ${pattern}`, () => {
      const source = read(`src/http/${file}.ts`);
      const written = new RegExp(`${pattern} =\\s*(.*);`).exec(source)?.[1] ?? '';
      const actions = /\(([a-z-]+(?:\|[a-z-]+)+)\)/.exec(written)?.[1];
      assert.ok(actions, 'no actions found');
      for (const action of actions.split('|')) {
        assert.ok(paths.has(`${place}/${action}`), `${place}/${action}`);
      }
    });
  }
});

describe('docs/operations.md', () => {
  it('lists every log event and no other, with its level', () => {
    const source = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n');
    const logged = [...source.matchAll(/\blog\.(debug|info|warn|error)\(\s*'([^']+)'/g)].map(
      ([, level, event]) => `${event} ${level}`,
    );
    // The steps of a sign-in, and what is done to guests, share functions that log at info.
    const shared = /\b(?:record|audited|finish)\(\s*'([\w-]+\.[\w-]+)'/g;
    const chosen = /\bevent = \w+ \? '([^']+)' : '([^']+)'/g;
    const recorded = [...source.matchAll(shared), ...source.matchAll(chosen)].flatMap(
      ([, ...events]) => events.map((event) => `${event} info`),
    );
    assert.ok(recorded.length > 12 && logged.length > 0);
    const rows = [
      ...read('docs/operations.md').matchAll(/^\| `([\w-]+\.[\w-]+)` \| (\w+) \|/gm),
    ].map(([, event, level]) => `${event} ${level}`);
    assert.deepEqual(
      rows.toSorted(byText),
      [...new Set([...logged, ...recorded])].toSorted(byText),
    );
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');

  it('lists every room', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
    assert.deepEqual(firstCells(text, 'Rooms').toSorted(byText), rooms.toSorted(byText));
  });

  it('lists every table', () => {
    const made = read('src/storage/migrations.ts').matchAll(/^ {6}name: '(\w+)'/gm);
    const tables = [...made].map(([, name = '']) => name);
    assert.deepEqual(firstCells(text, 'Tables'), tables);
  });

  it('draws every arrow from one step to another and no other', () => {
    const drawn = drawnArrows(text);
    const reachable = reachableArrows();
    assert.deepEqual(withoutLoops(drawn), withoutLoops(reachable));
    for (const arrow of drawn) assert.ok(reachable.has(arrow), arrow);
  });
});

describe('the documents', () => {
  it('hold TypeScript that compiles', async function () {
    this.timeout(180_000);
    const blocks = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => ({ path, code })),
    );
    assert.ok(blocks.some(({ path }) => path === 'README.md'));
    const folder = await mkdtemp(join(root, 'test', '.snippets-'));
    try {
      for (const [index, { path, code }] of blocks.entries()) {
        const name = `${path.replaceAll(/\W/g, '-')}-${index}.ts`;
        await writeFile(join(folder, name), `${code}\nexport {};\n`);
      }
      const compilerOptions = {
        rootDir: root,
        noEmit: true,
        noUnusedLocals: false,
        paths: { guestpass: [join(root, 'src/index.ts')] },
      };
      const project = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
      assert.equal(await compile(folder), '');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('hold configuration that loads', async () => {
    const blocks = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent, code = '']) => {
        return { path, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
      }),
    );
    assert.ok(blocks.filter(({ path }) => path === 'docs/admins.md').length >= 12);
    for (const { path, code } of blocks) {
      assert.deepEqual(await faultsOf(code), [], `${path}:\n${code}`);
    }
  });

  it('name commands and options that the program has', () => {
    const written = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/(?:`|^ *|&& )(?:npm run )?guestpass (?:-- )?([a-z][^\n`]*)/gm)].map(
        ([, command = '']) => ({ path, words: command.split(' ') }),
      ),
    );
    assert.ok(written.length > 10);
    for (const { path, words } of written) {
      const depth = ['guests', 'invitations', 'sessions', 'keys', 'audit', 'tenant'].includes(
        words[0] ?? '',
      )
        ? 2
        : 1;
      const name = words.slice(0, depth).join(' ');
      const text = helpOf(name);
      assert.ok(
        new RegExp(`^Usage: guestpass ${name}[ |]`).test(text),
        `${path}: guestpass ${name}`,
      );
      for (const word of words.filter((part) => part.startsWith('--'))) {
        assert.match(text, new RegExp(`^ +${word}\\b`, 'm'), `${path}: guestpass ${name} ${word}`);
      }
    }
  });

  it('link to files and headings that are there', () => {
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^https?:/.test(target) && !isThere(path, target))
        .map((target) => `${path}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name files of the project that are there', () => {
    const gone = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:src|test|views|config|docs)\/[\w./-]*\w)`/g)]
        .map(([, file = '']) => file)
        .filter((file) => !file.includes('NAME') && !existsSync(join(root, file)))
        .map((file) => `${path}: ${file}`),
    );
    assert.deepEqual(gone, []);
  });
});

/** What is wrong with a piece of a settings file or of a tenant's file. */
async function faultsOf(code: string): Promise<readonly string[]> {
  const settings: Record<string, unknown> = parse(soundSettings);
  const piece: Record<string, unknown> = parse(code);
  const isSettings = ['publicUrl', 'database', 'listen'].some((key) => key in piece);
  const tenant = 'id' in piece ? code : `id: a\ndisplayName: A\n${code}`;
  const folder = await writeFolder({
    'guestpass.yaml': stringify(isSettings ? { ...settings, ...piece } : settings),
    'tenants/a.yaml': isSettings ? 'id: a\ndisplayName: A\n' : tenant,
    ...Object.fromEntries(filesNamedIn(code)),
  });
  const names = [...code.matchAll(/\benv: (\w+)/g)].map(([, name = '']) => name);
  const secret = 'mUX3zQp-9dKw7-Lr2v-Hs81bTqYc4Vn6';
  const env = Object.fromEntries(names.map((name) => [name, secret]));
  return (await checkConfiguration(folder, env)).faults.map(formatFault);
}

/** Files beside a tenant's file, each with what a file of its kind holds. */
function filesNamedIn(code: string): readonly (readonly [name: string, content: string])[] {
  const accounts = /```text\n([\s\S]*?)```/.exec(read('docs/admins.md'))?.[1] ?? '';
  const contentOf = (name: string): string => {
    if (name.endsWith('.svg')) return read('config/branding/fabrikam/logo.svg');
    return name.endsWith('.txt') ? accounts : goodCertificate;
  };
  return [...code.matchAll(/\bfile: \.\.\/([\w./-]+)/g)].map(
    ([, name = '']) => [name, contentOf(name)] as const,
  );
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The first cell of every row of a section's table, without its quotes. */
function firstCells(text: string, heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** What the program says of one of its commands. */
function helpOf(name: string): string {
  let command: Command | undefined = createProgram();
  for (const word of name.split(' ')) {
    command = command?.commands.find((child) => child.name() === word || child.alias() === word);
  }
  return command?.helpInformation() ?? '';
}

/** @returns what the compiler has to say; '' when nothing */
function compile(folder: string): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((done) => {
    execFile(process.execPath, [tsc, '-p', folder], (error, stdout, stderr) => {
      done(error ? stdout || stderr || error.message : '');
    });
  });
}

function isThere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? join(root, from) : resolve(root, dirname(from), file);
  if (!existsSync(path)) return false;
  if (anchor === undefined) return true;
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].some(([, heading = '']) => slugOf(heading) === anchor);
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** The arrows of the page's mermaid diagram, each as `from --> to : event`. */
function drawnArrows(page: string): ReadonlySet<string> {
  const diagram = /```mermaid\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const arrows = diagram.matchAll(/^\s*([\w[\]*]+) --> (\w+)(?: : (.+))?$/gm);
  return new Set([...arrows].map(([, from = '', to = '', event]) => arrow(from, to, event)));
}

/** The arrows that lead on, sorted. */
function withoutLoops(arrows: ReadonlySet<string>): string[] {
  return [...arrows].filter((text) => !/^(\S+) --> \1(?: |$)/.test(text)).toSorted(byText);
}

/** Every arrow between the steps of all states that a sign-in can be brought into. */
function reachableArrows(): ReadonlySet<string> {
  const plain: SignInState = {
    passcodeOn: true,
    hasConnections: true,
    address: null,
    decision: null,
    door: null,
    sent: null,
    superseded: false,
    consent: 'none',
  };
  const closed = { ...plain, passcodeOn: false, hasConnections: false };
  const arrows = new Set([
    arrow('[*]', stepOf(plain)),
    arrow('[*]', stepOf(closed), 'no door at all'),
  ]);
  const waiting: SignInState[] = [plain];
  const seen = new Set<string>();
  for (let state = waiting.pop(); state; state = waiting.pop()) {
    const key = JSON.stringify(state);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const [event, after] of eventsOf(state)) {
      arrows.add(arrow(stepOf(state), stepOf(after), event));
      waiting.push(after);
    }
  }
  return arrows;
}

/** What can happen in a state, and what the store makes of it. */
function eventsOf(state: SignInState): (readonly [event: string, after: SignInState])[] {
  const step = stepOf(state);
  if (step === 'continue') return [];
  if (step === 'review' || step === 'terms') {
    const left = step === 'review' ? (['terms', 'none'] as const) : (['none'] as const);
    return left.map((consent) => ['accepted', { ...state, consent }] as const);
  }
  const { sent, address, passcodeOn, door } = state;
  const known = sent ?? NOTHING_SENT;
  const proven = (['review', 'none'] as const).map((consent) => {
    return { ...state, consent, sent: { ...known, verifiedAt: NOW } };
  });
  const events: (readonly [string, SignInState])[] = DECIDED.map((decided) => {
    // Codes sent for another address, or before another door was found, are dead.
    const dead =
      address === null ? known : { ...known, liveFrom: known.sends + 1, liveUntil: null };
    // No colon: mermaid ends a label at the second one.
    return [`address, ${decided.found}`, { ...state, ...decided.state, address: 'a', sent: dead }];
  });
  if (door?.method === 'emailOneTimePasscode') {
    const now = passcodeOn ? 'passcodes off' : 'passcodes on';
    events.push([now, { ...state, passcodeOn: !passcodeOn }]);
  }
  if (step === 'choose-method') {
    for (const picked of [PASSCODE, ELSEWHERE]) events.push(['picked', { ...state, door: picked }]);
  }
  if (step === 'elsewhere') {
    events.push(['could not sign in there', state]);
    for (const after of proven) events.push(['signed in there', after]);
  }
  if (step !== 'send-code' && step !== 'enter-code') return events;
  if (sent?.liveUntil === ALIVE) {
    events.push(['30 minutes', { ...state, sent: { ...sent, liveUntil: NOW } }]);
  }
  if (known.sends < LIMITS.passcodesPerSignIn) {
    events.push(['send', { ...state, sent: afterSend(known) }]);
  }
  const isTriable = known.liveUntil !== null && known.attempts < LIMITS.attemptsPerPasscode;
  if (isTriable) {
    events.push(['wrong code', { ...state, sent: { ...known, attempts: known.attempts + 1 } }]);
    const isLive = known.liveUntil === ALIVE;
    if (isLive) for (const after of proven) events.push(['right code', after]);
  }
  return events;
}

function afterSend(sent: Sent): Sent {
  const isAlive = sent.liveUntil === ALIVE && sent.attempts < LIMITS.attemptsPerPasscode;
  return {
    ...sent,
    ...(isAlive ? {} : { liveFrom: sent.sends + 1, attempts: 0 }),
    liveUntil: ALIVE,
    sends: sent.sends + 1,
  };
}

function stepOf(state: SignInState): string {
  return nextStep(state, LIMITS, NOW).step;
}

function arrow(from: string, to: string, event?: string): string {
  const [left, right] = [from, to].map((name) => name.replace('_', '-'));
  return `${left} --> ${right}${event === undefined ? '' : ` : ${event}`}`;
}
