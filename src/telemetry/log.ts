// Owns the log: one JSON line per event, and what may never appear in one (S64, S65).

import { pino, type DestinationStream, type Level } from 'pino';
import { maskEmailAddress } from '../domain/email-address.ts';
import { currentTraceId } from './trace.ts';

/** What a line says beside its event: plain data, no sentences. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line; the event is a stable dotted name such as `mail.sent`. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const SECRET_NAME =
  /passcode|secret|password|cookie|authorization|token|csrf|^(?:user_?|device_?)?code$/i;
const MAX_DEPTH = 6;
const MAX_STRING = 4000;
/** Lines that wait for a disk with room; those beyond are lost. */
const MOST_KEPT_BYTES = 1_048_576;
// Bounded on the left side: unbounded, a long text without an '@' would cost quadratic time.
const ADDRESS = /[^\s<>"'(),;:@]{1,64}@[^\s<>"'(),;:@]+/g;
// JSON escapes C0 only; C1 (0x9b starts terminal sequences) and bidi controls repaint a terminal.
const TERMINAL_CONTROL = /[\u007F-\u009F\u2028\u2029\p{Bidi_Control}]/gu;

/**
 * Creates the log.
 *
 * Every line is JSON with `level`, `time` (ISO 8601, UTC) and `event`. Values whose name speaks of
 * a secret are replaced by `[redacted]` at any depth; e-mail addresses are masked wherever they
 * stand, also inside texts; a field named `url` loses its query. Errors keep name, message, stack,
 * `code` (as `errorCode`), `detail` and `cause`, cleaned the same way. Where a trace is recorded, the
 * line names it (`traceId`).
 *
 * @param options.level lowest level written; `silent` writes nothing
 * @param options.destination where lines go, default standard output, written synchronously
 * @source S64, S65
 */
export function createLog(options: {
  readonly level: Level | 'silent';
  readonly destination?: DestinationStream;
}): Log {
  const settings = {
    level: options.level,
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(settings, options.destination ?? standardOutput());
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}): void => {
      if (!logger.isLevelEnabled(level)) return;
      const traceId = currentTraceId();
      logger[level]({ ...cleanFields(fields), ...(traceId && { traceId }) }, event);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A disk without room for the log must not end the process: nobody could sign in for want of a line. */
function standardOutput(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: true, maxLength: MOST_KEPT_BYTES });
  stream.on('error', () => {
    // What could not be written is kept, as far as that goes, and written when there is room.
  });
  return stream;
}

/** What a line may say of its fields: see {@link createLog}. Pure. */
export function cleanFields(fields: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, cleanField(name, value, depth)]),
  );
}

function cleanField(name: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  if (SECRET_NAME.test(name)) return '[redacted]';
  if (name === 'address' && typeof value === 'string') return maskEmailAddress(value);
  if (name === 'url' && typeof value === 'string') return cleanText(value.split(/[?#]/, 1)[0]!);
  return cleanValue(value, depth);
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return cleanError(value, depth + 1);
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, depth + 1));
  // A buffer in a log is a key or a body, never a fact worth reading.
  if (ArrayBuffer.isView(value)) return '[binary]';
  return cleanFields(value, depth + 1);
}

function cleanError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined;
  const detail = 'detail' in error ? error.detail : undefined;
  return {
    name: error.name,
    message: cleanText(error.message),
    ...(typeof code === 'string' ? { errorCode: cleanText(code) } : {}),
    ...(detail === undefined ? {} : { detail: cleanValue(detail, depth) }),
    ...(error.stack === undefined ? {} : { stack: cleanText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: cleanValue(error.cause, depth) }),
  };
}

function cleanText(text: string): string {
  const cut = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text;
  const masked = cut.includes('@') ? cut.replace(ADDRESS, maskEmailAddress) : cut;
  return masked.replace(
    TERMINAL_CONTROL,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
