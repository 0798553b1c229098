import assert from 'node:assert/strict';
import { ConfigurationError, formatFault, formatPath, quote } from '../../src/settings/fault.ts';

const fault = {
  file: 'tenants/fabrikam.yaml',
  line: 10,
  column: 3,
  path: 'emailOneTimePasscode',
  message: 'unknown value "of"',
  mend: 'did you mean "off"?',
};

describe('formatFault', () => {
  it('writes place, path, what is wrong and how to mend it', () => {
    assert.equal(
      formatFault(fault),
      'tenants/fabrikam.yaml:10:3  emailOneTimePasscode  unknown value "of"; did you mean "off"?',
    );
  });

  it('leaves out what there is not', () => {
    const bare = { ...fault, line: 0, column: 0, path: '', mend: '' };
    assert.equal(formatFault(bare), 'tenants/fabrikam.yaml  unknown value "of"');
  });

  it('lets no file move the cursor or turn the text of whoever reads it', () => {
    const line = formatFault({ ...fault, path: 'a\u001b[2Jb\u202Ec\nd' });
    assert.match(line, /a\\u\{1b\}\[2Jb\\u\{202e\}c\\u\{a\}d/);
  });
});

describe('quote', () => {
  it('cuts long words and escapes what cannot be seen', () => {
    assert.equal(quote('x'.repeat(100)), `"${'x'.repeat(60)}…"`);
    assert.equal(quote('a\u0000\u200B"'), '"a\\u0000\\u{200b}\\""');
  });
});

describe('formatPath', () => {
  it('writes keys with dots and places in lists with brackets', () => {
    assert.equal(formatPath(['clients', 0, 'redirect_uris', 1]), 'clients[0].redirect_uris[1]');
    assert.equal(formatPath([]), '');
  });
});

describe('ConfigurationError', () => {
  it('says every fault, one a line', () => {
    const error = new ConfigurationError([fault, fault]);
    assert.equal(error.message.split('\n').length, 2);
    assert.equal(error.faults.length, 2);
  });
});
