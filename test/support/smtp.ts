// Owns the mail relay of the tests: a real SMTP dialogue on loopback, with scripted misbehaviour.

import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { noteAddress, noteSecret } from './leaks.ts';

/** One mail the relay took. */
export interface ReceivedMail {
  /** The envelope: MAIL FROM and every RCPT TO. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly secure: boolean;
  readonly raw: string;
  readonly parsed: Email;
  /** Values of one header, by lower-case name. */
  header(name: string): readonly string[];
}

/**
 * What the relay does with one delivery attempt: take it, refuse it after RCPT TO or after DATA,
 * read DATA and never answer (`hang`), or read DATA, keep the mail and drop the connection (`drop`).
 */
export type Act =
  'accept' | { readonly rcpt: number } | { readonly data: number } | 'hang' | 'drop';

/** A running relay. */
export interface TestRelay {
  readonly port: number;
  /** PEM of the self-signed certificate for `localhost`, when STARTTLS is offered. */
  readonly certificate: string | undefined;
  /** Every mail taken, oldest first. */
  readonly messages: readonly ReceivedMail[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Sets what happens to the next attempts for a recipient, one act each; then mail is accepted. */
  script(recipient: string, ...acts: readonly Act[]): void;
  /** Whether new connections are left without a greeting. */
  hangGreetings(on: boolean): void;
  /**
   * Waits for a mail to `recipient`.
   * @param options.after how many mails to that recipient to skip, default 0
   * @param options.about what its subject is like; others behind those are skipped too
   * @throws when none came within a minute, naming what did come
   */
  nextMail(
    recipient: string,
    options?: { readonly after?: number; readonly about?: RegExp },
  ): Promise<ReceivedMail>;
  /** Waits until the relay sits on an attempt for `recipient` that it will never answer. */
  hanging(recipient: string): Promise<void>;
  /** Lets every connection go at once and stops listening. */
  stop(): Promise<void>;
}

/** The passcode in the text of a mail: the only line of nothing but it. */
export const PASSCODE = /^([0-9]{8,12}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})$/m;

const DEADLINE_MS = 60_000;

/** Starts a relay on 127.0.0.1 with a free port, or with the port given. */
export async function startSmtp(
  options: { readonly starttls?: boolean; readonly port?: number } = {},
): Promise<TestRelay> {
  const messages: ReceivedMail[] = [];
  const scripts = new Map<string, Act[]>();
  const hangs = new Set<string>();
  const sockets = new Set<Socket>();
  const changes = new EventEmitter().setMaxListeners(0);
  const identity = options.starttls ? createIdentity() : undefined;
  let greetingsHang = false;
  let connections = 0;

  const server = new SMTPServer({
    ...identity,
    authOptional: true,
    disabledCommands: identity ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 50,
    onConnect: (_session, done) => {
      connections += 1;
      if (!greetingsHang) done();
    },
    onRcptTo: ({ address }, _session, done) => {
      const act = scripts.get(address)?.[0];
      if (typeof act !== 'object' || !('rcpt' in act)) return done();
      scripts.get(address)!.shift();
      done(refusal(act.rcpt, address));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => void take(Buffer.concat(chunks), session, done));
    },
  });
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // Clients that give up on a hanging relay reset the connection; that is what is being tested.
  server.on('error', () => {});
  await new Promise<void>((ready) => server.listen(options.port ?? 0, '127.0.0.1', () => ready()));

  const bound = server.server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;

  async function take(
    raw: Buffer,
    session: SMTPServerSession,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    const [recipient = ''] = recipients;
    const act = scripts.get(recipient)?.shift() ?? 'accept';
    if (typeof act === 'object') {
      done(refusal('data' in act ? act.data : act.rcpt, recipient));
      return;
    }
    if (act === 'hang') {
      hangs.add(recipient);
      changes.emit('change');
      return;
    }
    const parsed = await PostalMime.parse(raw);
    const { mailFrom } = session.envelope;
    noteMail(recipients, parsed.text ?? '');
    messages.push({
      sender: mailFrom ? mailFrom.address : '',
      recipients,
      secure: session.secure,
      raw: raw.toString('latin1'),
      parsed,
      header: (name) => parsed.headers.filter(({ key }) => key === name).map(({ value }) => value),
    });
    if (act === 'drop') for (const socket of sockets) socket.destroy();
    else done();
    changes.emit('change');
  }

  function waitFor<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(deadline);
        changes.off('change', check);
        resolve(found);
      };
      const deadline = setTimeout(() => {
        changes.off('change', check);
        const seen = messages.map(({ recipients }) => recipients.join()).join(', ');
        reject(
          new Error(`${what} not within ${DEADLINE_MS} ms; mail came for: ${seen || 'nobody'}`),
        );
      }, DEADLINE_MS);
      changes.on('change', check);
      check();
    });
  }

  return {
    port,
    certificate: identity?.cert,
    messages,
    get connections() {
      return connections;
    },
    script: (recipient, ...acts) => void scripts.set(recipient, [...acts]),
    hangGreetings: (on) => {
      greetingsHang = on;
    },
    nextMail: (recipient, { after = 0, about = /^/ } = {}) =>
      waitFor(
        () =>
          messages
            .filter(({ recipients }) => recipients.includes(recipient))
            .slice(after)
            .find(({ parsed }) => about.test(parsed.subject ?? '')),
        `mail ${after + 1} for ${recipient}`,
      ),
    hanging: async (recipient) => {
      await waitFor(() => hangs.has(recipient) || undefined, `a hanging mail for ${recipient}`);
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** What is in a mail is for its reader alone. */
function noteMail(recipients: readonly string[], text: string): void {
  const reader = recipients.join();
  for (const address of recipients) noteAddress(address);
  noteSecret(`passcode of ${reader}`, PASSCODE.exec(text)?.[1]);
  noteSecret(`link key of ${reader}`, /[?&]key=([\w-]{22})/.exec(text)?.[1]);
  noteSecret(`ticket of ${reader}`, /[?&]ticket=([\w.-]+)/.exec(text)?.[1]);
}

function refusal(responseCode: number, recipient: string): Error {
  // Real relays repeat the address in their reply; logs must survive that.
  return Object.assign(new Error(`<${recipient}> refused by script`), { responseCode });
}

function createIdentity(): { readonly key: string; readonly cert: string } {
  const pem = execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'.split(
      ' ',
    ),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return { key: pem, cert: pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')) };
}
