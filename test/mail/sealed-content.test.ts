import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { SecurityNoticeMail } from '../../src/mail/content.ts';
import { openContent, sealContent } from '../../src/mail/sealed-content.ts';
import { createSealer } from '../../src/settings/sealer.ts';

const sealer = createSealer(randomBytes(32), 'outbox');
const place = { tenant: 'a', id: 'm1' };
const notice: SecurityNoticeMail = {
  kind: 'security-notice',
  event: 'attempts',
  to: 'teri@gmail.com',
  locale: 'de',
  tenantName: 'Fabrikam',
  clientName: 'Docs',
  happenedAt: 1_792_936_920,
  browserFamily: { browser: 'Chrome', system: 'Windows' },
  network: '203.0.113.x',
  invitedBy: null,
  support: null,
  privacyUrl: null,
};

describe('openContent', () => {
  it('opens what was sealed', () => {
    for (const browserFamily of [notice.browserFamily, null]) {
      const mail = { ...notice, browserFamily };
      assert.deepEqual(openContent(sealer, place, sealContent(sealer, place, mail)), mail);
    }
  });

  it('opens a mail queued by a version that named the browser in one string', () => {
    for (const [before, browserFamily] of [
      ['Chrome on Windows', notice.browserFamily],
      ['', null],
    ] as const) {
      const sealed = sealContent(sealer, place, { ...notice, browserFamily: before as never });
      assert.deepEqual(openContent(sealer, place, sealed), { ...notice, browserFamily });
    }
  });
});

describe('sealContent', () => {
  it('S62 makes a decoy as long as a mail', () => {
    const mail = sealContent(sealer, place, notice);
    assert.equal(sealContent(sealer, place, null).length, mail.length);
  });
});
