// Owns `npm run soak -- --minutes 20`: prints a line per measurement, and ends with 1 when something
// is not flat.

import { parseArgs } from 'node:util';
import { judgeSoak, soak } from './soak.ts';

const TOLERANCE = 0.1;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    speed: { type: 'string', default: '30' },
    connections: { type: 'string', default: '4' },
  },
});
const seconds = Number(values.minutes) * 60;
const speed = Number(values.speed);
process.stdout.write(
  `${values.minutes} minutes, which the server takes for ${(seconds * speed) / 3600} hours\n`,
);
const result = await soak({
  seconds,
  speed,
  connections: Number(values.connections),
  samples: Math.max(8, Math.round(seconds / 10)),
  tell: ({ at, signIns, rssMb, heapMb, descriptors, rows, overdue }) => {
    const tables = Object.entries(rows).filter(([, n]) => n > 0);
    process.stdout.write(
      `${at} s  ${signIns} sign-ins  ${rssMb} MB, kept ${heapMb}  ${descriptors} descriptors  overdue ${overdue}  ` +
        `${tables.map(([table, n]) => `${table} ${n}`).join(', ')}\n`,
    );
  },
});
const faults = judgeSoak(result, TOLERANCE);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(faults.length === 0 ? 'flat\n' : 'not flat\n');
process.exit(faults.length === 0 ? 0 : 1);
