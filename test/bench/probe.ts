// Owns telling the driver how much CPU this process has used; preloaded into every server measured.

import { CPU_QUESTION } from './probe-protocol.ts';

process.on('message', (message) => {
  // getrusage counts microseconds over all threads; /proc/PID/stat counts ticks of ten milliseconds.
  if (message === CPU_QUESTION) process.send?.(process.cpuUsage());
});

// A driver that crashes leaves no server behind.
process.once('disconnect', () => process.exit());
