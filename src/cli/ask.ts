// Owns asking the person at the terminal.

import { createInterface } from 'node:readline/promises';

/** Asks for a yes. @returns undefined when there is nobody to ask */
export type Ask = (question: string) => Promise<boolean | undefined>;

/** Asks on the terminal; a program that calls is nobody. Everything but a yes is a no. */
export const askOnTerminal: Ask = async (question) => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
};
