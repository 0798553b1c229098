import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { templateOf } from '../../src/server/route-template.ts';

describe('templateOf', () => {
  const page = readFileSync(new URL('../../docs/routes.md', import.meta.url), 'utf8');
  const paths = [...page.matchAll(/^\| (?:GET|POST) \| `([^`?]+)/gm)].map(([, path = '']) => path);

  it('names every route of docs/routes.md', () => {
    const unknown = paths.filter((path) => {
      const asked = path.replaceAll(/\{\w+\}/g, 'x7');
      return templateOf(`${asked}?login_hint=teri@gmail.com`) === undefined;
    });
    assert.ok(paths.length > 40);
    assert.deepEqual(unknown, []);
  });

  it('names every path of docs/openapi.json', () => {
    const text = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
    const { paths: operations } = JSON.parse(text) as { paths: object };
    for (const path of Object.keys(operations)) {
      const name = `/{tenant}/v1.0${path}`;
      assert.equal(templateOf(name.replace('{tenant}', 'a')), name);
    }
  });

  it('puts a word of ours where the caller had one of theirs', () => {
    assert.equal(templateOf('/a/signin/Xy-1/passcode?code=1'), '/{tenant}/signin/{uid}/passcode');
    assert.equal(templateOf('/a/signin/Xy-1'), '/{tenant}/signin/{uid}');
    assert.equal(templateOf('/a/v2.0/auth/Xy-1'), '/{tenant}/v2.0/auth/{uid}');
    assert.equal(templateOf('/a/v1.0/users/1'), '/{tenant}/v1.0/users/{id}');
  });

  it('S65 names nothing that is none of ours, however long', () => {
    for (const url of [
      '',
      '*',
      'http://x/a',
      '/a/teri@gmail.com',
      '/a/v2.0/teri@gmail.com',
      '/a/signin/x/teri@gmail.com',
      '/a//',
      `/a/signin${'/signin'.repeat(1000)}`,
      '/a/__proto__',
    ]) {
      assert.equal(templateOf(url), undefined, url);
    }
  });
});
