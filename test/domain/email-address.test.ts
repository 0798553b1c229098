import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { maskEmailAddress, parseEmailAddress, toDomain } from '../../src/domain/email-address.ts';

const STORED = 'g@partner.example';

describe('parseEmailAddress', () => {
  const accepted: readonly (readonly [typed: string, address: string, key: string])[] = [
    [STORED, STORED, STORED],
    ['G@PARTNER.EXAMPLE', 'G@partner.example', STORED],
    ['  g@partner.example\t', STORED, STORED],
    ['g@partner.example\r\n', STORED, STORED],
    ['mailto:g@partner.example', STORED, STORED],
    ['MAILTO:g@partner.example', STORED, STORED],
    ['<g@partner.example>', STORED, STORED],
    // A domain of digits alone is an address of a machine; one that begins or ends with some is none.
    ['g@3m.example', 'g@3m.example', 'g@3m.example'],
    ['g@partner.example2', 'g@partner.example2', 'g@partner.example2'],
    ["o'neil+tag@partner.example", "o'neil+tag@partner.example", "o'neil+tag@partner.example"],
    ['a.b@sub.partner.example', 'a.b@sub.partner.example', 'a.b@sub.partner.example'],
    ['g@exämple.com', 'g@xn--exmple-cua.com', 'g@xn--exmple-cua.com'],
    ['g@straße.example', 'g@xn--strae-oqa.example', 'g@xn--strae-oqa.example'],
    // '%' and '!' were routing once; here they are letters of a local part like any other.
    ['g%evil.com@partner.example', 'g%evil.com@partner.example', 'g%evil.com@partner.example'],
  ];
  for (const [typed, address, key] of accepted) {
    it(`S15 reads ${JSON.stringify(typed)}`, () => {
      const domain = address.slice(address.indexOf('@') + 1);
      assert.deepEqual(parseEmailAddress(typed), { address, key, domain });
    });
  }

  const refused: Readonly<Record<string, readonly string[]>> = {
    'T33 a second recipient': [
      'g@partner.example,evil@x.example',
      'g@partner.example;evil@x.example',
      'g@partner.example evil@x.example',
      'g,evil@partner.example',
      'g;evil@partner.example',
      'g@partner.example,x.example',
      'g:evil@x.example;',
      '<evil@x.example>g@partner.example',
      'g@partner.example<evil@x.example>',
      '<<g@partner.example>>',
      '"evil@x.example y"@partner.example',
      'g@partner.example(evil@x.example)',
      'evil@x.example@partner.example',
      'mailto:mailto:g@partner.example',
      'gmailto:h@partner.example',
      '<g@partner.example',
      'gg@partner.example>',
    ],
    'T33 a header in the address': [
      'evil@x.example\r\nBcc: g@partner.example',
      'evil@x.example%0d%0aBcc:g@partner.example',
      'g@partner.example\u0000',
      'g@partner.example\u2028x',
    ],
    'S19 a local part beyond ASCII': [
      'jörg@partner.example',
      '用户@partner.example',
      'пользователь@partner.example',
    ],
    'T33 a domain that is no domain': [
      'g@[127.0.0.1]',
      'g@127.0.0.1',
      'g@0x7f.1',
      'g@2130706433',
      'g@partner.example.',
      'g@partner..example',
      'g@-partner.example',
      'g@localhost',
      'g@partner.example:25',
      'g@partner.example/x',
      'g@',
      '@partner.example',
      'g',
      'partner.example',
      '',
    ],
    'T33 spaces and what cannot be seen': [
      'g @partner.example',
      'g@ partner.example',
      'g\u00A0@partner.example',
      'g\u200B@partner.example',
      'g\u202E@partner.example',
      'g@part\u200Dner.example',
      'g@part\u00ADner.example',
      '\uFEFFg@partner.example',
    ],
    'T34 characters that fold into others': [
      'ɡ@partner.example',
      'mıke@partner.example',
      '\u212A@partner.example',
      'ſſ@partner.example',
      'o\uFB00ice@partner.example',
      'é@partner.example',
      'g＠partner.example',
      'g@evil＠partner.example',
      'g@partner。example',
      'g@partner．example',
      'g@partner｡example',
      'g@partner\u2100example.com',
    ],
    'a malformed local part': ['.g@x.example', 'g.@x.example', 'g..h@x.example', 'g\\h@x.example'],
  };
  for (const [what, inputs] of Object.entries(refused)) {
    it(`${what} is refused`, () => {
      for (const input of inputs) assert.equal(parseEmailAddress(input), undefined, input);
    });
  }

  it('S16 folds the case of ASCII letters only', () => {
    assert.equal(parseEmailAddress('MIKE@partner.example')?.key, 'mike@partner.example');
    assert.notEqual(
      parseEmailAddress('m.ike@x.example')?.key,
      parseEmailAddress('mike@x.example')?.key,
    );
    assert.notEqual(
      parseEmailAddress('mike+a@x.example')?.key,
      parseEmailAddress('mike@x.example')?.key,
    );
  });

  it('T36 takes 64 characters before the @ and refuses 65', () => {
    assert.ok(parseEmailAddress(`${'a'.repeat(64)}@x.example`));
    assert.equal(parseEmailAddress(`${'a'.repeat(65)}@x.example`), undefined);
  });

  it('T36 takes 254 characters in all and refuses 255', () => {
    const label = `${'b'.repeat(60)}.`;
    const of = (length: number) => {
      const start = `${'a'.repeat(60)}@${label.repeat(3)}`;
      return `${start}${'c'.repeat(length - start.length - 4)}.com`;
    };
    assert.equal(of(254).length, 254);
    assert.ok(parseEmailAddress(of(254)));
    assert.equal(parseEmailAddress(of(255)), undefined);
  });

  it('T36 refuses long input after asking for its length alone', () => {
    const asked: PropertyKey[] = [];
    const text: object = Object('a@'.repeat(500_000));
    const long: unknown = new Proxy(text, {
      get: (target, name) => {
        asked.push(name);
        return Reflect.get(target, name, target) as unknown;
      },
    });
    assert.equal(parseEmailAddress(long as string), undefined);
    assert.deepEqual(asked, ['length']);
    assert.equal(parseEmailAddress('('.repeat(50_000)), undefined);
  });

  it('T36 takes 320 bytes, spaces included, and refuses 321, however few characters they are', () => {
    assert.ok(parseEmailAddress(STORED.padStart(320)));
    assert.equal(parseEmailAddress(STORED.padStart(321)), undefined);
    const umlauts = `g@${`${'ä'.repeat(20)}.`.repeat(7)}de`;
    const spaces = 320 - Buffer.byteLength(umlauts);
    assert.ok(parseEmailAddress(' '.repeat(spaces) + umlauts));
    assert.equal(parseEmailAddress(' '.repeat(spaces + 1) + umlauts), undefined);
  });

  it('reads what it wrote as the same address', () => {
    const local = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}$/);
    const label = fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9]{1,10}$/),
      fc.constantFrom('exämple', '例え'),
    );
    const domain = fc
      .tuple(label, label, fc.constantFrom('example', 'com'))
      .map((all) => all.join('.'));
    fc.assert(
      fc.property(local, domain, (before, after) => {
        const once = parseEmailAddress(`${before}@${after}`);
        fc.pre(once !== undefined);
        assert.deepEqual(parseEmailAddress(once.address), once);
        assert.deepEqual(parseEmailAddress(once.key)?.key, once.key);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, and gives ASCII without separators, whatever is typed', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('@', '.', 'xn--', 'mailto:', '<', '>', '\uD800', '\u3002', '%', ' '),
    );
    const typed = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = parseEmailAddress(text);
        if (parsed) assert.match(parsed.address, /^[!#-'*+\-./0-9=?A-Z^-~]+@[a-z0-9.-]+$/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('toDomain', () => {
  it('gives lower-case A-labels', () => {
    assert.equal(toDomain('Partner.Example'), 'partner.example');
    assert.equal(toDomain('bücher.example'), 'xn--bcher-kva.example');
    assert.equal(toDomain('xn--bcher-kva.example'), 'xn--bcher-kva.example');
  });

  it('takes 253 characters and refuses 254', () => {
    const longest = `${`${'a'.repeat(60)}.`.repeat(4)}${'b'.repeat(9)}`;
    assert.equal(longest.length, 253);
    assert.equal(toDomain(longest), longest);
    assert.equal(toDomain(`${longest}b`), undefined);
  });

  it('refuses what is no host name of two labels', () => {
    const inputs = [
      '',
      'com',
      'x.',
      '1.2.3.4',
      '1.2',
      '[::1]',
      'a b.c',
      'a/b.c',
      'u@b.c',
      'a%2e.c',
    ];
    for (const input of [...inputs, 'a_b.example', 'a..b', `${'a'.repeat(64)}.b`]) {
      assert.equal(toDomain(input), undefined, input);
    }
  });
});

describe('maskEmailAddress', () => {
  it('S65 shows nothing of a local part of one or two characters, and two of three', () => {
    assert.equal(maskEmailAddress('a@gmail.com'), '**@gmail.com');
    assert.equal(maskEmailAddress('abc@gmail.com'), 'a**c@gmail.com');
    assert.equal(maskEmailAddress('@gmail.com'), '***');
  });

  it('keeps the ends of the local part and the domain', () => {
    assert.equal(maskEmailAddress('teri@gmail.com'), 't**i@gmail.com');
    assert.equal(maskEmailAddress('ab@gmail.com'), '**@gmail.com');
    assert.equal(maskEmailAddress('nothing'), '***');
  });
});
