// Owns a fault that nobody catches: loaded before the server, it makes a request with a certain header
// throw outside of everything that answers it.

import { Server } from 'node:http';

type Emit = (this: Server, event: string | symbol, ...given: readonly unknown[]) => boolean;

// oxlint-disable-next-line typescript/unbound-method -- it is called with the server it belongs to
const emit = Server.prototype.emit as Emit;

Server.prototype.emit = function (this: Server, event: string | symbol, ...given: unknown[]) {
  const [request] = given as [{ headers?: Record<string, unknown> }?];
  if (event !== 'request' || request?.headers?.['x-plant'] === undefined) {
    return emit.call(this, event, ...given);
  }
  if (request.headers['x-plant'] === 'reject') void Promise.reject(new Error('planted'));
  else setImmediate(() => throwIt());
  return true;
} as typeof Server.prototype.emit;

function throwIt(): never {
  throw new Error('planted');
}
