import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { themeOf } from '../../src/http/theme.ts';

const sheet = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');
const everything = [
  themeOf({ accent: '#0f766e', background: '#0a145a' }, null),
  themeOf({ accent: '#f2c811' }, '/a/branding/background?v=x'),
].join('');

describe('themeOf', () => {
  it('is nothing where nothing is to be set', () => {
    assert.equal(themeOf({}, null), undefined);
    assert.equal(
      themeOf({ footerLinks: [{ label: 'I', url: 'https://a.example/' }] }, null),
      undefined,
    );
  });

  it('sets an accent where it can be read, and says so of light and dark each', () => {
    assert.equal(
      themeOf({ accent: '#f2c811' }, null),
      `@media (prefers-color-scheme: light) {
  :root {
    --button: #f2c811;
    --button-strong: #f5d64d;
    --button-edge: var(--edge);
    --on-button: #000000;
  }
}
@media (prefers-color-scheme: dark) {
  :root {
    --link: #f2c811;
    --link-strong: #f5d64d;
    --focus: #f2c811;
    --button: #f2c811;
    --button-strong: #f5d64d;
    --button-edge: #f2c811;
    --on-button: #000000;
  }
}
`,
    );
  });

  it('leaves a bright background out of dark pages, and dims a picture', () => {
    assert.doesNotMatch(themeOf({ background: '#fce4ec' }, null) ?? '', /scheme: dark/);
    assert.equal(themeOf({ background: '#0a145a' }, null)?.match(/--ground: #0a145a;/g)?.length, 2);
    const picture = themeOf({}, '/a/branding/background?v=x') ?? '';
    assert.match(picture, /light\) \{\n {2}:root \{\n {4}--picture: url\("\/a\/br.*x"\);/);
    assert.match(picture, /dark\) \{\n {2}:root \{\n {4}--picture: linear-gradient\(.*, url\("\/a/);
  });

  it('puts the footer on opaque ground wherever the ground is the tenant’s own', () => {
    for (const branding of [{ background: '#fce4ec' }, { background: '#0a145a' }]) {
      const theme = themeOf(branding, null) ?? '';
      assert.equal(theme.match(/--ground/g)?.length, theme.match(/--foot: var\(--card\)/g)?.length);
    }
  });

  it('holds nothing but properties that the sheet of every page uses', () => {
    const properties = [...everything.matchAll(/^ {4}(--[\w-]+): /gm)].map(([, name]) => name!);
    assert.equal(properties.length, everything.match(/;/g)?.length);
    assert.ok(properties.length > 20);
    for (const property of properties) assert.ok(sheet.includes(`var(${property})`), property);
  });
});
