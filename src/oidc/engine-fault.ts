// Owns telling the engine that the store is out of reach, in words it passes on: 503, not 500.

import { errors } from 'oidc-provider';
import { type ErrorCode, GuestError } from '../domain/errors.ts';

/** The store cannot be reached. Nothing was decided, so nobody is sent anywhere. */
export class StoreUnavailable extends errors.TemporarilyUnavailable {
  readonly code: ErrorCode = 'unavailable';
  override status = 503;
  override statusCode = 503;
  override expose = true;
  // The guest can try again here; the application could only show that something failed.
  override allow_redirect = false;
  override error_description = 'the sign-in service cannot reach its store, try again';
}

/**
 * Lets every method of a port throw {@link StoreUnavailable} in place of GuestError `unavailable`,
 * which the engine would take for a fault of its own.
 */
export function speakingToEngine<Port extends object>(port: Port): Port {
  const methods = Object.entries(port).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') throw new TypeError(`${name} is no method`);
    return [
      name,
      async (...given: readonly unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(method, port, given);
        } catch (error) {
          if (!(error instanceof GuestError) || error.code !== 'unavailable') throw error;
          throw new StoreUnavailable('the store', { cause: error });
        }
      },
    ];
  });
  return Object.fromEntries(methods) as Port;
}
