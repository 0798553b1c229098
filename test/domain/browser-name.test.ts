import assert from 'node:assert/strict';
import { readBrowserName, writeBrowserName } from '../../src/domain/browser-name.ts';

describe('readBrowserName', () => {
  it('reads what was written, whatever a browser calls itself', () => {
    for (const name of [
      { browser: 'Chrome', system: 'Windows' },
      { browser: 'Brøwser 🦊', system: null },
      { browser: 'Sleep on It', system: 'Linux' },
      { browser: 'Sleep on It', system: null },
      { browser: 'a/b\tc', system: 'Chrome OS' },
      null,
    ]) {
      assert.deepEqual(readBrowserName(writeBrowserName(name)), name);
    }
  });

  it('reads what was kept before the two were kept apart', () => {
    assert.deepEqual(readBrowserName('Chrome on Windows'), {
      browser: 'Chrome',
      system: 'Windows',
    });
    assert.deepEqual(readBrowserName('Firefox'), { browser: 'Firefox', system: null });
    assert.equal(readBrowserName(''), null);
  });
});

describe('writeBrowserName', () => {
  it('is nothing for a browser that is not known', () => {
    assert.equal(writeBrowserName(null), '');
  });
});
