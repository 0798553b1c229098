import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { contrastRatio, mix, relativeLuminance, textOn } from '../../src/domain/contrast.ts';
import { anyColour } from './colours.ts';

describe('relativeLuminance', () => {
  it('is 0 for black, 1 for white, and weighs green most', () => {
    assert.equal(relativeLuminance('#000000'), 0);
    assert.equal(relativeLuminance('#FFFFFF').toFixed(6), '1.000000');
    assert.equal(relativeLuminance('#00ff00').toFixed(4), '0.7152');
  });

  it('takes nothing but #rrggbb', () => {
    for (const text of ['', '#fff', 'red', '#12345g', '#1234567', '#123456\n']) {
      assert.throws(() => relativeLuminance(text), TypeError, text);
    }
  });
});

describe('contrastRatio', () => {
  it('gives the ratios others have published', () => {
    const published = [
      ['#000000', '#ffffff', '21.00'],
      ['#f2c811', '#ffffff', '1.61'],
      ['#767676', '#ffffff', '4.54'],
      ['#777777', '#ffffff', '4.48'],
    ] as const;
    for (const [one, other, ratio] of published) {
      assert.equal(contrastRatio(one, other).toFixed(2), ratio);
      assert.equal(contrastRatio(other, one).toFixed(2), ratio);
    }
  });
});

describe('textOn', () => {
  it('can be read on every colour, 4.58:1 at least', () => {
    fc.assert(
      fc.property(anyColour, (colour) => {
        assert.ok(contrastRatio(textOn(colour), colour) >= 4.58);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('mix', () => {
  it('goes from one colour to the other', () => {
    assert.equal(mix('#204060', '#ffffff', 0), '#204060');
    assert.equal(mix('#204060', '#ffffff', 1), '#ffffff');
    assert.equal(mix('#000000', '#ffffff', 0.5), '#808080');
  });
});
