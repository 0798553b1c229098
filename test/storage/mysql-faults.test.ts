import assert from 'node:assert/strict';
import {
  type DriverFault,
  fatalFault,
  isConnectionSpent,
  isFaultOfNode,
  judge,
  markReached,
  mayAskAgain,
} from '../../src/storage/mysql-faults.ts';

const of = (errno: number): Error => judge(Object.assign(new Error(String(errno)), { errno }));
const lost = (): DriverFault => Object.assign(new Error('lost'), { fatal: true });

describe('mayAskAgain', () => {
  const cases: readonly (readonly [
    what: string,
    error: () => unknown,
    expected: {
      alone: readonly [read: boolean, write: boolean];
      several: readonly [boolean, boolean];
    },
  ])[] = [
    ['F16 a deadlock', () => of(1213), { alone: [true, true], several: [true, true] }],
    ['F16 a lock not let go', () => of(1205), { alone: [true, true], several: [true, true] }],
    [
      'F15 a node outside the cluster',
      () => of(1047),
      { alone: [true, true], several: [true, true] },
    ],
    [
      'F15 a connection lost on the way',
      () => judge(lost()),
      { alone: [true, false], several: [true, false] },
    ],
    [
      'F15 a node that cannot be connected to',
      () => markReached(judge(lost()), 'unsent'),
      { alone: [false, false], several: [true, true] },
    ],
    [
      'F3 no answer in time',
      () => judge(fatalFault('late', 'silent')),
      { alone: [false, false], several: [true, false] },
    ],
    [
      'F4 the answer to COMMIT lost',
      () => markReached(judge(lost()), 'commit'),
      { alone: [false, false], several: [false, false] },
    ],
    ['a full disk', () => of(1021), { alone: [false, false], several: [false, false] }],
    ['a taken key', () => of(1062), { alone: [false, false], several: [false, false] }],
  ];
  for (const [what, error, { alone, several }] of cases) {
    it(`${what}: alone ${alone.join('/')}, of several ${several.join('/')} (reads/writes)`, () => {
      assert.deepEqual(answers(error, false), alone);
      assert.deepEqual(answers(error, true), several);
    });
  }
});

describe('isFaultOfNode', () => {
  it('F15 blames the node for what another may not suffer from, and not for our statements', () => {
    for (const errno of [1047, 1180, 1290, 1021]) assert.equal(isFaultOfNode(of(errno)), true);
    for (const errno of [1062, 1213, 1064]) assert.equal(isFaultOfNode(of(errno)), false);
    assert.equal(isFaultOfNode(judge(lost())), true);
    assert.equal(isConnectionSpent(of(1047)), true);
    assert.equal(isConnectionSpent(of(1213)), false);
  });
});

/** For what reads, and for what writes. */
function answers(error: () => unknown, hasOthers: boolean): readonly boolean[] {
  return [true, false].map((isRead) => mayAskAgain(error(), isRead, hasOthers));
}
