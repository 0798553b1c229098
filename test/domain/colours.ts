// Owns colours for properties: every one of them, the ends more often.

import * as fc from 'fast-check';

export const anyColour = fc
  .oneof(
    fc.integer({ min: 0, max: 0xffffff }),
    fc.integer({ min: 0, max: 0xff }).map((grey) => grey * 0x010101),
  )
  .map((number) => `#${number.toString(16).padStart(6, '0')}`);
