import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { accentButton, accentOnCard, brandingFileOf, CARDS } from '../../src/domain/branding.ts';
import { contrastRatio } from '../../src/domain/contrast.ts';
import { anyColour } from './colours.ts';

const RUNS = { numRuns: 2000 };

describe('CARDS', () => {
  it('are the cards of the style sheet, light and dark', () => {
    const sheet = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');
    const cards = [...sheet.matchAll(/--card: (#\w+);/g)].map(([, colour]) => colour);
    assert.deepEqual(cards, [CARDS.light, CARDS.dark]);
  });
});

describe('accentButton', () => {
  it('has text that can be read, under the pointer too, whatever the accent', () => {
    fc.assert(
      fc.property(anyColour, (accent) => {
        const { ground, groundStrong, text } = accentButton(accent);
        assert.equal(ground, accent);
        assert.ok(contrastRatio(text, ground) >= 4.5);
        assert.ok(contrastRatio(text, groundStrong) >= 4.5);
      }),
      RUNS,
    );
  });
});

describe('accentOnCard', () => {
  it('uses an accent only where it can be seen: 4.5:1 for links, 3:1 for focus and edges', () => {
    fc.assert(
      fc.property(anyColour, fc.constantFrom('light', 'dark'), (accent, card) => {
        const { link, linkStrong, focus, edge, ratio } = accentOnCard(accent, card);
        assert.equal(ratio, contrastRatio(accent, CARDS[card]));
        assert.equal(link, ratio >= 4.5 ? accent : null);
        assert.equal(focus, ratio >= 3 ? accent : null);
        assert.equal(edge, focus);
        assert.equal(linkStrong === null, link === null);
        assert.ok(linkStrong === null || contrastRatio(linkStrong, CARDS[card]) >= 4.5);
      }),
      RUNS,
    );
  });

  it('judges each card by itself', () => {
    assert.equal(accentOnCard('#f2c811', 'light').link, null);
    assert.equal(accentOnCard('#f2c811', 'dark').link, '#f2c811');
    assert.equal(accentOnCard('#0b5fff', 'light').link, '#0b5fff');
    assert.deepEqual(
      [accentOnCard('#0b5fff', 'dark').link, accentOnCard('#0b5fff', 'dark').focus],
      [null, '#0b5fff'],
    );
  });
});

describe('brandingFileOf', () => {
  it('finds a picture by its name, and none in a colour', () => {
    const file = { type: 'image/png', bytes: new Uint8Array([1]) } as const;
    assert.equal(brandingFileOf({ logoDark: file }, 'logo-dark'), file);
    assert.equal(brandingFileOf({ background: file }, 'background'), file);
    assert.equal(brandingFileOf({ background: '#ffffff' }, 'background'), undefined);
    assert.equal(brandingFileOf(undefined, 'logo'), undefined);
  });
});
