import assert from 'node:assert/strict';
import { type ImageKind, readImage } from '../../src/tenants/branding-image.ts';
import { ico, jpeg, png, svg } from './pictures.ts';

const ALL: readonly ImageKind[] = ['PNG', 'SVG', 'JPEG', 'ICO'];

const asLogo = (bytes: Uint8Array) => readImage(bytes, ['PNG', 'SVG']);

describe('readImage', () => {
  it('knows a picture by what is in it', () => {
    assert.deepEqual(readImage(png(9, 9), ALL), { type: 'image/png' });
    assert.deepEqual(readImage(jpeg, ALL), { type: 'image/jpeg' });
    assert.deepEqual(readImage(ico, ALL), { type: 'image/x-icon' });
    assert.deepEqual(readImage(Buffer.from(`\ufeff\n${svg()}`), ALL), { type: 'image/svg+xml' });
  });

  it('says which kinds are taken here', () => {
    assert.deepEqual(asLogo(jpeg), { fault: 'a picture of kind JPEG; save it as PNG or SVG' });
    assert.deepEqual(asLogo(Buffer.from('GIF89a')), { fault: 'no picture; save it as PNG or SVG' });
    assert.deepEqual(asLogo(Buffer.alloc(0)), { fault: 'no picture; save it as PNG or SVG' });
  });

  it('refuses a PNG that unfolds to more than a screen, or is cut short', () => {
    assert.deepEqual(readImage(png(5000, 9), ALL), {
      fault: 'a picture of 5000 by 9; make it 4096 by 4096 at most',
    });
    assert.ok('fault' in readImage(png(0, 9), ALL));
    assert.ok('fault' in readImage(png(9, 9).subarray(0, 20), ALL));
  });

  it('judges an SVG', () => {
    assert.ok('fault' in readImage(Buffer.from(svg('<script/>')), ALL));
  });
});
