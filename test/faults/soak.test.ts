import assert from 'node:assert/strict';
import { judgeSoak, type Sample, soak } from './soak.ts';

/** A short one has not warmed up when it begins to be compared. */
const TOLERANCE = 0.35;

describe('a server over many hours', function () {
  this.timeout(120_000);

  it('F25 forgets what is past its time, and keeps no descriptors or memory', async () => {
    const result = await soak({ seconds: 20, speed: 30, connections: 2, samples: 8 });
    assert.deepEqual(judgeSoak(result, TOLERANCE), []);
  });
});

describe('judgeSoak', () => {
  const flat = Array.from({ length: 8 }, () => sample({}));

  it('finds nothing in what is flat', () => {
    assert.deepEqual(judgeSoak({ samples: flat, failures: [] }, 0.1), []);
  });

  it('finds memory and descriptors that grow, rows that stay, sign-ins that fail', () => {
    const end = sample({ heapMb: 130, descriptors: 60 });
    const grown = [...flat.slice(0, 6), end, end];
    assert.equal(judgeSoak({ samples: grown, failures: [] }, 0.1).length, 2);
    const left = [...flat.slice(0, 7), sample({ overdue: 1 })];
    assert.equal(judgeSoak({ samples: left, failures: ['no'] }, 0.1).length, 2);
    assert.equal(judgeSoak({ samples: flat.slice(0, 2), failures: [] }, 0.1).length, 1);
  });
});

function sample(changes: Partial<Sample>): Sample {
  const plain = {
    at: 1,
    signIns: 9,
    rssMb: 200,
    heapMb: 100,
    descriptors: 30,
    rows: {},
    overdue: 0,
  };
  return { ...plain, ...changes };
}
