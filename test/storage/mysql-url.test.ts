import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseMysqlUrl } from '../../src/storage/mysql-url.ts';

describe('parseMysqlUrl', () => {
  it('reads host, port, user, password and name, percent-decoded', () => {
    assert.deepEqual(parseMysqlUrl('mysql://g%40x:p%3A%2F%40%25@db.example:3307/guest%2Dpass'), [
      {
        host: 'db.example',
        port: 3307,
        user: 'g@x',
        password: 'p:/@%',
        database: 'guest-pass',
      },
    ]);
  });

  it('takes port 3306 when none is said', () => {
    assert.equal(parseMysqlUrl('mysql://u:p@db.example/name')[0]?.port, 3306);
  });

  it('F15 reads the nodes of a cluster, in order', () => {
    const nodes = parseMysqlUrl('mysql://u:p%40@one.example,10.0.0.2:3307,[::1]:3308/name');
    assert.deepEqual(
      nodes.map(({ host, port, password }) => [host, port, password]),
      [
        ['one.example', 3306, 'p@'],
        ['10.0.0.2', 3307, 'p@'],
        ['::1', 3308, 'p@'],
      ],
    );
  });

  it('prefers a unix socket to host and port', () => {
    assert.deepEqual(parseMysqlUrl('mysql://u@localhost/name?socketPath=%2Frun%2Fs.sock'), [
      { socketPath: '/run/s.sock', user: 'u', password: '', database: 'name' },
    ]);
  });

  for (const url of [
    '',
    'name',
    'postgres://u:secret@h/name',
    'mysql://u:secret@h',
    'mysql://u:secret@h/',
    'mysql://u:secret@h/a/b',
    'mysql:///name',
    'mysql://u:secret@one,/name',
    'mysql://u:secret@one,two:x/name',
  ]) {
    it(`S58 refuses '${url}' without repeating the password`, () => {
      assert.throws(
        () => parseMysqlUrl(url),
        (error) => error instanceof TypeError && !error.message.includes('secret'),
      );
    });
  }
});
