#!/usr/bin/env node
// Owns running the command line: arguments to command, errors to exit codes.

import { createOutput } from './output.ts';
import { createProgram } from './program.ts';
import { endOf, endOfUsage } from './run.ts';

const argv = process.argv;
// Whoever reads may have seen enough: `guestpass guests list … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await createProgram().parseAsync(argv);
} catch (error) {
  process.exitCode = await endOf(createOutput(), () => Promise.resolve(endOfUsage(error, argv)));
}
