import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorTable } from '../src/domain/errors.ts';
import { nextStep, type SignInState } from '../src/domain/sign-in.ts';
import { Jar } from './support/jar.ts';
import { startWorld, type World } from './support/world.ts';

type Sent = NonNullable<SignInState['sent']>;

const LIMITS = { attemptsPerPasscode: 2, passcodesPerSignIn: 3 };
const NOW = 0;
const ALIVE = NOW + 1;
const NOTHING_SENT = { sends: 0, liveFrom: 1, liveUntil: null, attempts: 0, verifiedAt: null };

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
      const asked = path.replaceAll('{tenant}', 'a').replaceAll(/\{(?:uid|id)\}/g, 'nothing');
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
    const served = [...source.matchAll(/router\.(get|post)\('([^']+)'/g)];
    assert.ok(served.length >= 6);
    for (const [, method = '', page = ''] of served) {
      const path = `/{tenant}/signin/{uid}${page === '/' ? '' : page}`;
      const isListed = routes.some(
        (route) => route.path === path && route.method === method.toUpperCase(),
      );
      assert.ok(isListed, `${method} ${path}`);
    }
  });
});

describe('docs/operations.md', () => {
  it('lists every log event and no other, with its level', () => {
    const source = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n');
    const logged = [...source.matchAll(/\blog\.(debug|info|warn|error)\(\s*'([^']+)'/g)].map(
      ([, level, event]) => `${event} ${level}`,
    );
    // The steps of a sign-in share one function, which logs at info.
    const recorded = [...source.matchAll(/\brecord\(\s*'([^']+)'/g)].map(
      ([, event]) => `${event} info`,
    );
    assert.ok(recorded.length > 0 && logged.length > 0);
    const rows = [...read('docs/operations.md').matchAll(/^\| `([\w-]+\.\w+)` \| (\w+) \|/gm)].map(
      ([, event, level]) => `${event} ${level}`,
    );
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
    this.timeout(60_000);
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
  const plain = { passcodeOn: true, address: null, sent: null };
  const hinted = { ...plain, address: 'a' };
  const off = [plain, hinted].map((state) => ({ ...state, passcodeOn: false }));
  const arrows = new Set([
    arrow('[*]', stepOf(plain)),
    arrow('[*]', stepOf(hinted), 'login_hint'),
    ...off.map((state) => arrow('[*]', stepOf(state), 'passcodes off')),
  ]);
  const waiting: SignInState[] = [plain, hinted, ...off];
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
  const { sent, address, passcodeOn } = state;
  const events: (readonly [string, SignInState])[] = [
    [passcodeOn ? 'passcodes off' : 'passcodes on', { ...state, passcodeOn: !passcodeOn }],
  ];
  if (sent?.liveUntil === ALIVE) {
    events.push(['30 minutes', { ...state, sent: { ...sent, liveUntil: NOW } }]);
  }
  if (!passcodeOn || (sent !== null && sent.verifiedAt !== null)) return events;
  const known = sent ?? NOTHING_SENT;
  events.push(['address given', { ...state, address: address ?? 'a', sent: known }]);
  if (address === null) return events;
  const other = { ...known, liveFrom: known.sends + 1, liveUntil: null };
  const changed = { ...state, address: address === 'a' ? 'b' : 'a', sent: other };
  events.push(['another address given', changed]);
  if (known.sends < LIMITS.passcodesPerSignIn) {
    events.push(['send', { ...state, sent: afterSend(known) }]);
  }
  const isTriable = known.liveUntil !== null && known.attempts < LIMITS.attemptsPerPasscode;
  if (isTriable) {
    events.push(['wrong code', { ...state, sent: { ...known, attempts: known.attempts + 1 } }]);
    const isLive = known.liveUntil === ALIVE;
    if (isLive) events.push(['right code', { ...state, sent: { ...known, verifiedAt: NOW } }]);
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
