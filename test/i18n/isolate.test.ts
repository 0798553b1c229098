import assert from 'node:assert/strict';
import { isolateIn, isWebAddress, withoutIsolates } from '../../src/i18n/isolate.ts';

describe('isolateIn', () => {
  it('leaves what is read from left to right as it is', () => {
    const params = { tenant: 'Fabrikam' };
    assert.equal(isolateIn('ltr', params), params);
  });

  it('S22 wraps every word, once, whatever marks it brought along', () => {
    assert.deepEqual(isolateIn('rtl', { tenant: 'Fabrikam \u2069(EU)', inviter: 'مريم' }), {
      tenant: '\u2068Fabrikam (EU)\u2069',
      inviter: '\u2068مريم\u2069',
    });
  });

  it('leaves numbers, the choice of a sentence, nothing, and addresses that become links', () => {
    const params = { count: 3, context: 'strong', browser: '', url: 'https://fabrikam.example/a' };
    assert.deepEqual(isolateIn('rtl', params), params);
  });
});

describe('withoutIsolates', () => {
  it('takes the marks out again', () => {
    const { tenant } = isolateIn('rtl', { tenant: 'Fabrikam' });
    assert.equal(withoutIsolates(`a ${String(tenant)} b`), 'a Fabrikam b');
  });
});

describe('isWebAddress', () => {
  it('takes an address and nothing around it', () => {
    for (const text of ['https://a.example', 'http://127.0.0.1:3000/b?c=d']) {
      assert.equal(isWebAddress(text), true, text);
    }
    const none = ['', 'https://', 'https://a.example now', ' https://a.example', 'ana@a.example'];
    for (const text of none) assert.equal(isWebAddress(text), false, text);
  });
});
