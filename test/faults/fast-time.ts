// Owns a clock that runs fast: loaded before the server, it makes a day of minutes. What happens once
// in a while happens as often by that clock; what waits for an answer waits as long as ever. And it
// tells at SIGUSR2 how much memory is kept.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const [start = 0, speed = 1] = (process.env['FAST_TIME'] ?? '').split(',').map(Number);
/** Timers of a minute or more are about the clock, shorter ones about the machine. */
const ABOUT_THE_CLOCK_MS = 60_000;

const RealDate = Date;
const realInterval = globalThis.setInterval;
const now = (): number => Math.floor(start + (RealDate.now() - start) * speed);

class FastDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<typeof Date>) {
    if (given.length === 0) super(now());
    else super(...given);
  }

  static override now(): number {
    return now();
  }
}

globalThis.Date = FastDate as DateConstructor;
globalThis.setInterval = ((handler: () => void, ms: number, ...rest: []) =>
  realInterval(handler, ms >= ABOUT_THE_CLOCK_MS ? ms / speed : ms, ...rest)) as typeof setInterval;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
let looks = 0;

// What is left after a collection is what is kept; what the process holds moves up and down by itself.
process.on('SIGUSR2', () => {
  collect();
  looks += 1;
  process.stdout.write(`heap ${looks} ${process.memoryUsage().heapUsed}\n`);
});
