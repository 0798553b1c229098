// Owns the spans: what a trace says of a request and its steps, and what it may never say (S65). The
// API alone: without an SDK, which an admin brings by `node --import`, nothing is recorded.

import {
  context,
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { errorTable, GuestError } from '../domain/errors.ts';

/** Every step that has a span; few, so that no trace is told apart by its names. */
export type StepName =
  | 'sign-in.discover'
  | 'sign-in.decide'
  | 'sign-in.finish'
  | 'passcode.issue'
  | 'passcode.verify'
  | 'database.transaction'
  | 'outbound.request'
  | 'dns.txt'
  | 'mail.deliver'
  | 'configuration.reload';

/** Every attribute a span can have. None of them holds what a guest typed, showed or was sent. */
export type AttributeName =
  | 'http.request.method'
  | 'http.response.status_code'
  | 'http.route'
  | 'db.system.name'
  | 'server.address'
  | 'error.type'
  | 'guestpass.tenant'
  | 'guestpass.outcome'
  | 'guestpass.deliveries'
  | 'guestpass.tenants';

export type Attributes = Readonly<Partial<Record<AttributeName, string | number>>>;

/** A span under way, for whoever does its work. */
export interface Step {
  /** Says more of it. */
  note(attributes: Attributes): void;
  /** Says that it came to nothing, where nothing is thrown. @param code a word of our own code */
  fail(code: string): void;
}

export interface StepOptions {
  readonly attributes?: Attributes;
  /** A trace of its own, tied to the span that caused it. */
  readonly root?: { readonly cause: Cause | undefined };
  /** Whether it waits for another company. */
  readonly isOutbound?: boolean;
  /** The code of what was thrown; undefined for a throw that is an answer. Default {@link codeOfFault}. */
  readonly codeOf?: (error: unknown) => string | undefined;
}

/** Which span caused what is done later, elsewhere. */
export type Cause = Link;

/** Spans whose error is said: a later status without a code would take it away. */
const failed = new WeakSet<Span>();

/** A word as our own code has them; everything else is somebody's. */
const WORD = /^[\w.:/{}-]{1,120}$/;

/**
 * Does `work` as a step of the trace at hand, and ends its span with it. A throw is passed on; of it the
 * span keeps a code, never a text: texts quote addresses, URLs and what was typed.
 *
 * @source S65
 */
export async function traced<T>(
  name: StepName,
  options: StepOptions,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const { attributes = {}, root, isOutbound = false, codeOf = codeOfFault } = options;
  const base = root ? ROOT_CONTEXT : context.active();
  const kind = isOutbound ? SpanKind.CLIENT : SpanKind.INTERNAL;
  const links = root?.cause ? { links: [root.cause] } : {};
  const span = tracer().startSpan(name, { kind, root: root !== undefined, ...links }, base);
  note(span, attributes);
  try {
    return await context.with(trace.setSpan(base, span), work, undefined, stepOf(span));
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined) fail(span, code);
    throw error;
  } finally {
    span.end();
  }
}

/** Where a request comes from. */
export interface TracedRequest {
  /** As HTTP spells them; anything else is `_OTHER`. */
  readonly method: string;
  /** A template such as `/{tenant}/signin/{uid}`; undefined for what is none of ours. */
  readonly route: string | undefined;
  /** The `traceparent` and `tracestate` of a caller that is believed; undefined for everybody else. */
  readonly parent: Readonly<Record<string, unknown>> | undefined;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const PARENT_FIELDS = ['traceparent', 'tracestate'] as const;

/**
 * Answers a request inside a span of its own.
 *
 * @returns ends the span; to be called once, with the status that was answered
 */
export function traceRequest(
  { method, route, parent }: TracedRequest,
  attributes: () => Attributes,
  answer: () => void,
): (status: number) => void {
  const base = parent ? readParent(parent) : context.active();
  const verb = METHODS.has(method) ? method : '_OTHER';
  const name = `${verb} ${route ?? 'other'}`;
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER }, base);
  if (span.isRecording()) {
    const place = route === undefined ? {} : { 'http.route': route };
    note(span, { 'http.request.method': verb, ...place, ...attributes() });
  }
  context.with(trace.setSpan(base, span), answer);
  return (status) => {
    note(span, { 'http.response.status_code': status });
    // The gate has said why already; what it did not see is told by its status alone.
    if (status >= 500 && !failed.has(span)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
}

/** Says of the span at hand that it ends with an error of the table. */
export function noteError(code: string, isFault: boolean): void {
  const span = trace.getActiveSpan();
  if (!span) return;
  if (isFault) fail(span, code);
  else note(span, { 'error.type': code });
}

/** The id of the trace at hand, 32 hex digits; undefined when nothing is recorded. */
export function currentTraceId(): string | undefined {
  const span = trace.getActiveSpan();
  return span?.isRecording() === true ? span.spanContext().traceId : undefined;
}

/** The span at hand, as the cause of what follows; undefined when nothing is recorded. */
export function currentCause(): Cause | undefined {
  const span = trace.getActiveSpan();
  return span?.isRecording() === true ? { context: span.spanContext() } : undefined;
}

/** The code of what went wrong; `internal` for whatever has none. */
export function codeOfFault(error: unknown): string {
  return error instanceof GuestError ? error.code : 'internal';
}

/** As {@link codeOfFault}, but refusals (4xx) are answers. */
export function codeOfOutage(error: unknown): string | undefined {
  if (!(error instanceof GuestError)) return undefined;
  return errorTable[error.code].status >= 500 ? error.code : undefined;
}

// Asked for each time: an SDK that is registered or taken away later counts from then on.
function tracer() {
  return trace.getTracer('guestpass');
}

function readParent(headers: Readonly<Record<string, unknown>>): Context {
  return propagation.extract(context.active(), headers, {
    // Never baggage: it would carry a caller's own words into every span.
    keys: () => [...PARENT_FIELDS],
    get: (carrier, key) => {
      const value = PARENT_FIELDS.some((field) => field === key) ? carrier[key] : undefined;
      return typeof value === 'string' ? value : undefined;
    },
  });
}

function stepOf(span: Span): Step {
  return {
    note: (attributes) => note(span, attributes),
    fail: (code) => fail(span, code),
  };
}

function note(span: Span, attributes: Attributes): void {
  if (!span.isRecording()) return;
  for (const [name, value] of Object.entries(attributes)) {
    // A slip elsewhere must not put an address or a query into somebody else's system (S65).
    span.setAttribute(name, typeof value === 'number' || WORD.test(value) ? value : '[redacted]');
  }
}

function fail(span: Span, code: string): void {
  failed.add(span);
  note(span, { 'error.type': code });
  span.setStatus({ code: SpanStatusCode.ERROR, message: WORD.test(code) ? code : 'internal' });
}
