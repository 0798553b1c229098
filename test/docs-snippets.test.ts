import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** A block behind a line `<!-- FILE -->` or `<!-- FILE#REGION -->` is that file, or that region of it. */
const BLOCK = /^<!-- ([\w./-]+?)(?:#([\w-]+))? -->\n```\w*\n([\s\S]*?)^```$/gm;
/** `#region NAME` and `#endregion` behind the comment signs of the language. */
const REGION =
  /^[ \t]*(?:\/\/|#|<!--) #region ([\w-]+).*\n([\s\S]*?)^[ \t]*(?:\/\/|#|<!--) #endregion/gm;

const shown = globSync('docs/*.md', { cwd: root }).flatMap((page) =>
  [...read(page).matchAll(BLOCK)].map(([, file = '', region, text = '']) => ({
    page,
    file,
    region,
    text,
  })),
);

function regionsOf(file: string): ReadonlyMap<string, string> {
  return new Map(
    [...read(file).matchAll(REGION)].map(([, name = '', text = '']) => [name, undent(text)]),
  );
}

/** Without the spaces that all lines begin with. */
function undent(text: string): string {
  const lines = text.split('\n');
  const depths = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  return lines.map((line) => line.slice(Math.min(...depths))).join('\n');
}

describe('code shown in the documents', () => {
  it('is there', () => {
    assert.ok(shown.length > 0);
  });

  it('is all that the examples mark for them', () => {
    const marked = globSync('examples/**/*.{js,py,conf}', {
      cwd: root,
      exclude: (path) => path.includes('node_modules'),
    }).flatMap((file) => [...regionsOf(file).keys()].map((region) => `${file}#${region}`));
    assert.ok(marked.length > 5);
    const used = shown.map(({ file, region }) => `${file}#${region}`);
    assert.deepEqual(
      marked.filter((region) => !used.includes(region)),
      [],
    );
  });

  for (const { page, file, region, text } of shown) {
    it(`is that of ${file}${region === undefined ? '' : `, ${region}`}, in ${page}`, () => {
      assert.equal(text, region === undefined ? read(file) : regionsOf(file).get(region));
    });
  }
});
