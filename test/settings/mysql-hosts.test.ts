import assert from 'node:assert/strict';
import { joinMysqlHosts, splitMysqlHosts } from '../../src/settings/mysql-hosts.ts';

describe('splitMysqlHosts', () => {
  for (const text of [
    'mysql://me@one/name',
    'mysql://me:p%40ss@one.example:3306,10.0.0.2,[::1]:3308/name',
    'mysql://me@localhost/name?socketPath=%2Frun%2Fs',
  ]) {
    it(`F15 takes ${text} apart, and joinMysqlHosts puts it together`, () => {
      const parts = splitMysqlHosts(text);
      assert.ok(parts);
      assert.equal(joinMysqlHosts(parts), text);
    });
  }

  it('F15 names the hosts in order', () => {
    assert.deepEqual(splitMysqlHosts('mysql://me@one,two:1/name')?.hosts, ['one', 'two:1']);
  });

  for (const text of ['mysql://me@one,/name', 'mysql://me@one,two:x/name', 'mysql://me@,/name']) {
    it(`refuses ${text}`, () => assert.equal(splitMysqlHosts(text), undefined));
  }
});
