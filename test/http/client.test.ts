import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { browserFamilyOf, createClientAddress, isEmbedded } from '../../src/http/client.ts';

function request(peer: string | undefined, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
}

describe('createClientAddress', () => {
  const clientAddressOf = createClientAddress([
    '10.0.0.0/8',
    '192.0.2.1',
    'fd00::/8',
    '2001:db8::1',
  ]);

  const rows: readonly (readonly [
    what: string,
    peer: string,
    forwarded: string | undefined,
    client: string,
  ])[] = [
    ['is the peer without a proxy', '203.0.113.7', undefined, '203.0.113.7'],
    ['S60 believes nobody who is not listed', '203.0.113.7', '198.51.100.9', '203.0.113.7'],
    ['S60 believes a listed proxy', '10.0.0.1', '198.51.100.9', '198.51.100.9'],
    [
      'S60 takes the right-most hop, not what the client wrote',
      '10.0.0.1',
      '6.6.6.6, 198.51.100.9',
      '198.51.100.9',
    ],
    [
      'S60 goes on past listed proxies',
      '10.0.0.1',
      '6.6.6.6, 198.51.100.9, 10.9.9.9,192.0.2.1',
      '198.51.100.9',
    ],
    ['S60 is the farthest hop when all are listed', '10.0.0.1', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['knows a mapped peer for what it is', '::ffff:10.0.0.1', '198.51.100.9', '198.51.100.9'],
    [
      'knows a mapped hop for what it is',
      '10.0.0.1',
      '6.6.6.6, ::FFFF:198.51.100.9, ::ffff:10.0.0.2',
      '198.51.100.9',
    ],
    ['names a mapped peer plainly', '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['believes a listed IPv6 proxy', '2001:db8::1', '2001:db8:1::5', '2001:db8:1::5'],
    ['believes a listed IPv6 network', 'fd12::1', '2001:db8:1::5, fd00::9', '2001:db8:1::5'],
    ['does not stretch a single address', '2001:db8::2', '6.6.6.6', '2001:db8::2'],
    ['does not stretch a range', '11.0.0.1', '6.6.6.6', '11.0.0.1'],
    ['is the proxy when the hop is no address', '10.0.0.1', '6.6.6.6, nonsense', '10.0.0.1'],
    ['is the proxy when the hop has a port', '10.0.0.1', '6.6.6.6:80', '10.0.0.1'],
    ['is the proxy when the header is empty', '10.0.0.1', '', '10.0.0.1'],
    ['is the proxy when the header ends in a comma', '10.0.0.1', '6.6.6.6,', '10.0.0.1'],
    ['is the proxy when the header holds markup', '10.0.0.1', "<script>, ' OR 1=1", '10.0.0.1'],
  ];
  for (const [what, peer, forwarded, client] of rows) {
    it(what, () => assert.equal(clientAddressOf(request(peer, forwarded)), client));
  }

  it('is empty for a socket that is gone', () => {
    assert.equal(clientAddressOf(request(undefined, '6.6.6.6')), '');
  });

  it('believes nobody when nobody is listed', () => {
    const alone = createClientAddress([]);
    assert.equal(alone(request('127.0.0.1', '6.6.6.6')), '127.0.0.1');
  });
});

describe('browserFamilyOf', () => {
  it('names browser and system as people do', () => {
    const chrome =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
    assert.deepEqual(browserFamilyOf(chrome), { browser: 'Chrome', system: 'Windows' });
  });

  it('says nothing of what it does not know', () => {
    for (const userAgent of [undefined, '', ')(*&', 'x'.repeat(513)]) {
      assert.equal(browserFamilyOf(userAgent), null);
    }
  });
});

describe('isEmbedded', () => {
  const ios = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15';
  const android = 'Mozilla/5.0 (Linux; Android 15; Pixel 9';
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0';
  const inside: Readonly<Record<string, string>> = {
    'a view of Android': `${android}; wv) ${chrome} Mobile Safari/537.36`,
    'a view of iOS': `${ios} (KHTML, like Gecko) Mobile/15E148`,
    Instagram: `${ios} (KHTML, like Gecko) Mobile/15E148 Instagram 390.0.0.29`,
    Facebook: `${ios} (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/520.0.0.38]`,
    'Facebook on Android': `${android}) ${chrome} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/520.0]`,
    LinkedIn: `${android}) ${chrome} Mobile Safari/537.36 [LinkedInApp]`,
    WeChat: `${android}) ${chrome} Mobile Safari/537.36 MicroMessenger/8.0.60`,
    Line: `${ios} (KHTML, like Gecko) Mobile/15E148 Safari Line/15.10.0`,
    TikTok: `${ios} (KHTML, like Gecko) Version/18.5 Safari/604.1 musical_ly_40.2 BytedanceWebview`,
  };
  for (const [what, userAgent] of Object.entries(inside)) {
    it(`R59 knows ${what}`, () => assert.equal(isEmbedded(userAgent), true));
  }

  const usual: Readonly<Record<string, string>> = {
    'Safari on iOS': `${ios} (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1`,
    'Chrome on iOS': `${ios} (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1`,
    'Chrome on Android': `${android}) ${chrome} Mobile Safari/537.36`,
    'Chrome on Linux': `Mozilla/5.0 (X11; Linux x86_64) ${chrome} Safari/537.36`,
    'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    Online: `Mozilla/5.0 (X11; Linux x86_64) ${chrome} Safari/537.36 Online/1.0`,
    nothing: '',
  };
  for (const [what, userAgent] of Object.entries(usual)) {
    it(`leaves ${what} alone`, () => assert.equal(isEmbedded(userAgent), false));
  }
});
