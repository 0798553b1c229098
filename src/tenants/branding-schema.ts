// Owns the shape of `branding`: a tenant's own look.

import { z } from 'zod';
import { COLOUR } from '../domain/contrast.ts';
import { shownNameField, webAddressField } from '../settings/fields.ts';

const MOST_LINKS = 4;

const colourField = z.string().regex(COLOUR, 'not a colour; write it like "#1a56b4", in quotes');

/** A picture named in a file. @param kinds and size as its owner is told them */
export function imageField(kinds: string, most: string) {
  return z.strictObject(
    {
      file: z
        .string()
        .min(1)
        .describe(
          `${kinds} in the configuration folder, ${most} at most; relative to the file saying so.`,
        ),
    },
    { error: 'expected a file; write { file: PATH }' },
  );
}

/** A tenant's own look. */
export const brandingSchema = z.strictObject({
  logo: imageField('PNG or SVG', '100 KiB').optional().describe('Logo above every page.'),
  logoDark: imageField('PNG or SVG', '100 KiB')
    .optional()
    .describe('Logo on dark ground; without it logo is shown there on white.'),
  favicon: imageField('PNG, SVG or ICO', '100 KiB')
    .optional()
    .describe("Icon of the browser's tab."),
  accent: colourField
    .optional()
    .describe('Colour of buttons, and of links where it can be read: "#rrggbb", in quotes.'),
  background: z
    .union([colourField, imageField('PNG or JPEG', '300 KiB')], {
      error: 'neither a colour nor a file; write "#rrggbb" in quotes, or { file: PATH }',
    })
    .optional()
    .describe('Behind the card: "#rrggbb" in quotes, or { file }.'),
  footerLinks: z
    .array(
      z.strictObject({
        label: shownNameField.describe('Words of the link, at most 64 characters.'),
        url: webAddressField.describe('Where it leads.'),
      }),
      { error: 'expected a list of links' },
    )
    .max(MOST_LINKS, `more than ${MOST_LINKS} links; keep those that guests need`)
    .optional()
    .meta({ description: 'Links below every page, four at most.', default: [] }),
});

/** `branding` as it stands in a file. */
export type BrandingSection = z.infer<typeof brandingSchema>;
