import assert from 'node:assert/strict';
import {
  findWebAddressFault,
  isLoopbackHost,
  parsePublicUrl,
} from '../../src/settings/public-url.ts';

describe('parsePublicUrl', () => {
  const accepted: readonly [text: string, origin: string][] = [
    ['https://guest.example', 'https://guest.example'],
    ['HTTPS://Guest.Example:443/', 'https://guest.example'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://127.9.9.9', 'http://127.9.9.9'],
    ['http://[::1]:3000/', 'http://[::1]:3000'],
    ['http://localhost:80', 'http://localhost'],
    ['https://127.0.0.1:3000', 'https://127.0.0.1:3000'],
  ];
  for (const [text, origin] of accepted) {
    it(`takes ${text} as ${origin}`, () => assert.deepEqual(parsePublicUrl(text), { origin }));
  }
  for (const text of [
    'http://guest.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://10.0.0.1',
    'http://0.0.0.0:3000',
    'https://guest.example/login',
    'https://guest.example?x',
    'https://guest.example#x',
    'https://user@guest.example',
    'https://u:p@guest.example',
    'https:guest.example',
    'https:\\\\guest.example',
    'ftp://guest.example',
    'guest.example',
    '',
  ]) {
    it(`refuses ${text || 'nothing'}`, () => assert('wrong' in parsePublicUrl(text)));
  }
});

describe('isLoopbackHost', () => {
  it('knows this machine and nothing that only looks like it', () => {
    for (const host of ['127.0.0.1', '127.255.0.1', '::1', '[::1]', 'localhost', 'LOCALHOST']) {
      assert(isLoopbackHost(host), host);
    }
    for (const host of [
      '128.0.0.1',
      '127.0.0.1.example',
      'localhost.example',
      '::2',
      '1127.0.0.1',
      '',
    ]) {
      assert(!isLoopbackHost(host), host);
    }
  });
});

describe('findWebAddressFault', () => {
  for (const text of [
    'https://app.example/cb',
    'https://app.example',
    'https://app.example/cb?x=1',
    'http://127.0.0.1:9999/cb',
    'http://[::1]/cb',
    'http://localhost:3000',
  ]) {
    it(`S39 takes ${text}`, () => assert.equal(findWebAddressFault(text), undefined));
  }
  for (const text of [
    'http://app.example/cb',
    'https://*.app.example/cb',
    'https://app.example/*',
    'https://app.example/cb#x',
    'https://app.example/cb#',
    'https://u@app.example/cb',
    'https://u:p@app.example/cb',
    'https://@app.example/cb',
    'http://127.0.0.1@evil.example/',
    'http://localhost.evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    'com.example.app:/cb',
    'https:/app.example',
    'https://app.example\\@evil.example',
    ' https://app.example',
    '//app.example',
    '',
  ]) {
    it(`S39 refuses ${JSON.stringify(text)}`, () => assert(findWebAddressFault(text)));
  }
});
