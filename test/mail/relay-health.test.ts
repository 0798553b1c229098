import assert from 'node:assert/strict';
import { createRelayHealth } from '../../src/mail/relay-health.ts';

describe('createRelayHealth', () => {
  let now: number;
  let asked: number;
  let found: string | Error | undefined;
  let settled: Promise<unknown>;

  function create() {
    now = 1_000;
    asked = 0;
    settled = Promise.resolve();
    const findFault = (): Promise<string | undefined> => {
      asked += 1;
      const answer = found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
      settled = answer.catch(() => {});
      return answer;
    };
    const health = createRelayHealth({ findFault, clock: () => now });
    // What is found is known once the answer has come.
    const look = async () => {
      const said = health.isDown();
      await settled;
      await Promise.resolve();
      return said;
    };
    return { health, look };
  }

  it('waits for nothing: who looks first hears nothing, who looks again what was found', async () => {
    found = 'ECONNREFUSED';
    const { look } = create();
    assert.equal(await look(), false);
    assert.equal(await look(), true);
    assert.equal(asked, 1);
  });

  it('knows on the page what was looked for on the page before', async () => {
    found = 'ECONNREFUSED';
    const { health } = create();
    health.look();
    await settled;
    await Promise.resolve();
    assert.equal(health.isDown(), true);
    assert.equal(asked, 1);
  });

  it('asks every ten seconds at most, and once at a time', async () => {
    found = undefined;
    const { health, look } = create();
    for (const _ of Array.from({ length: 50 })) health.isDown();
    assert.equal(asked, 1);
    await look();
    now += 9;
    await look();
    assert.equal(asked, 1);
    now += 1;
    await look();
    assert.equal(asked, 2);
  });

  it('hears that the relay is back', async () => {
    found = 'ETIMEDOUT';
    const { look } = create();
    await look();
    found = undefined;
    now += 10;
    assert.equal(await look(), true);
    assert.equal(await look(), false);
  });

  it('says nothing of what it found long ago, or could not find out', async () => {
    found = 'EAUTH';
    const { look } = create();
    await look();
    now += 60;
    assert.equal(await look(), false);
    assert.equal(await look(), true);
    found = new Error('no memory');
    now += 10;
    await look();
    assert.equal(await look(), false);
  });
});
