// Owns a browser without a screen: cookies, redirects by hand, forms by their fields.

import { Agent, type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { noteSecret } from './leaks.ts';

/** One answer, body read. */
export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly url: URL;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Keeps cookies by path for one origin, as a browser does; speaks plain HTTP/1.1. */
export class Jar {
  readonly cookies = new Map<string, Cookie>();
  /** Every Set-Cookie line received, as it came. */
  readonly lines: string[] = [];

  /** A second browser tab or a stolen jar: the same cookies from here on, apart. */
  clone(): Jar {
    const other = new Jar();
    for (const [key, cookie] of this.cookies) other.cookies.set(key, cookie);
    return other;
  }

  get(url: string | URL, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', url, headers);
  }

  /** Sends a form, as a page of the same origin would. */
  post(
    url: string | URL,
    form: Readonly<Record<string, string>> | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const target = new URL(url);
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
    return this.send(
      'POST',
      target,
      {
        'content-type': 'application/x-www-form-urlencoded',
        origin: target.origin,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body,
    );
  }

  /** Follows redirects until an answer has none, or one leaves for another origin. */
  async follow(first: Answer): Promise<Answer> {
    let answer = first;
    while (answer.location !== undefined) {
      const next = new URL(answer.location, answer.url);
      if (next.origin !== answer.url.origin) return answer;
      answer = await this.get(next);
    }
    return answer;
  }

  send(
    method: string,
    url: string | URL,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> {
    const target = new URL(url);
    const cookie = this.header(target);
    const way = this.reach(target, headers);
    return new Promise((resolve, reject) => {
      const sent = this.open(way.url, {
        method,
        headers: {
          accept: 'text/html',
          ...(cookie === '' ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...way.headers,
        },
      });
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          this.remember(target, response.headers['set-cookie'] ?? []);
          noteCode(response.headers.location);
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
            url: target,
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** How an address is reached: a subclass may stand behind a proxy. The answer keeps the address. */
  protected reach(
    url: URL,
    headers: Record<string, string>,
  ): { url: URL; headers: Record<string, string> } {
    return { url, headers };
  }

  /** Opens one request: a subclass may speak TLS, or from another address of its own. */
  protected open(url: URL, options: RequestOptions): ClientRequest {
    return httpRequest(url, { agent, ...options });
  }

  private header(url: URL): string {
    return [...this.cookies.values()]
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(withSlash(path)))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  private remember(url: URL, lines: readonly string[]): void {
    this.lines.push(...lines);
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const given = new Map(
        attributes.map((attribute) => {
          const [key = '', ...rest] = attribute.split('=');
          return [key.toLowerCase(), rest.join('=')] as const;
        }),
      );
      const path = given.get('path') ?? url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1);
      const expires = given.get('expires');
      // Those two carry the uid of the sign-in, which stands in its address.
      if (!/(?:interaction|resume)$/.test(name)) noteSecret(`cookie ${name}`, value);
      const key = `${name} ${path}`;
      if (expires !== undefined && Date.parse(expires) <= 0) this.cookies.delete(key);
      else this.cookies.set(key, { name, value, path });
    }
  }
}

/** The value of a hidden field of a page. @throws when the page has none */
export function hidden(answer: Answer, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(answer.text)?.[1];
  if (value === undefined) throw new Error(`no field ${name} in: ${answer.text.slice(0, 2000)}`);
  return value;
}

/** The heading of a page. */
export function heading(answer: Answer): string {
  return (/<h1[^>]*>([\s\S]*?)<\/h1>/.exec(answer.text)?.[1] ?? '').replace(/<[^>]+>/g, '').trim();
}

function noteCode(location: string | undefined): void {
  const code = /[?&]code=([^&#]+)/.exec(location ?? '')?.[1];
  noteSecret('authorization code', code);
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
