import assert from 'node:assert/strict';
import { createGatheredWrites, type Gathered } from '../../src/oidc/gathered-writes.ts';
import type { GuestSession, OidcChanges } from '../../src/storage/store.ts';

const NOTED: GuestSession = {
  tenant: 'a',
  uid: 'u',
  guest: 'g',
  browser: null,
  byMail: true,
  signedInAt: 1,
  expiresAt: 2,
};

const recordOf = (model: string) => ({
  tenant: 'a',
  model,
  id: `id of ${model}`,
  payload: {},
  grantId: null,
  uid: null,
  userCode: null,
  expiresAt: 2,
});

/** Runs one request, and tells what was written when it was over. */
async function request(
  run: (gathered: Gathered, written: OidcChanges[]) => unknown,
): Promise<readonly OidcChanges[]> {
  const written: OidcChanges[] = [];
  const store = {
    writeAll: (changes: OidcChanges) => Promise.resolve(void written.push(changes)),
  };
  const gatheredWrites = createGatheredWrites(store);
  const ctx = {};
  const next = async (): Promise<void> => {
    const gathered = gatheredWrites.of(ctx);
    assert.ok(gathered);
    await run(gathered, written);
  };
  await gatheredWrites.around(ctx, next, () => NOTED);
  assert.equal(gatheredWrites.of(ctx), undefined, 'over');
  return written;
}

describe('createGatheredWrites', () => {
  it('writes once what a request saved and destroyed, and notes the sign-in with its session', async () => {
    const [code, grant, session] = ['AuthorizationCode', 'Grant', 'Session'].map(recordOf);
    const before = { tenant: 'a', model: 'Session', id: 'before' };
    const written = await request(async (gathered: Gathered, soFar: OidcChanges[]) => {
      gathered.save(grant!);
      gathered.save(code!);
      gathered.destroy(before);
      gathered.save(session!);
      assert.equal(soFar.length, 0);
      await gathered.write({
        writeAll: (changes: OidcChanges) => Promise.resolve(void soFar.push(changes)),
      });
    });
    const saved = [grant, code, session];
    assert.deepEqual(written, [{ tenant: 'a', destroyed: [before], saved, noted: NOTED }]);
  });

  it('notes nothing where no session is saved', async () => {
    const written = await request((gathered) => gathered.save(recordOf('Grant')));
    assert.deepEqual(
      written.map(({ noted }) => noted),
      [null],
    );
  });

  it('writes nothing for a request that left nothing', async () => {
    assert.deepEqual(await request(() => undefined), []);
  });

  it('writes what was left when the request fails', async () => {
    let written: readonly OidcChanges[] = [];
    const failed = request((gathered, soFar) => {
      gathered.save(recordOf('Grant'));
      written = soFar;
      throw new Error('no');
    });
    await assert.rejects(failed, /^Error: no$/);
    assert.equal(written.length, 1);
  });

  it('knows what it holds until it is written', async () => {
    await request(async (gathered) => {
      gathered.save(recordOf('Grant'));
      gathered.destroy(recordOf('Session'));
      assert.equal(gathered.holds('Grant'), true);
      assert.equal(gathered.holds('Session', 'id of Session'), true);
      assert.equal(gathered.holds('Grant', 'another'), false);
      assert.equal(gathered.holds('AuthorizationCode'), false);
      await gathered.write({ writeAll: () => Promise.resolve() });
      assert.equal(gathered.holds('Grant'), false);
    });
  });

  it('tries nothing twice: what a store refused may be there all the same', async () => {
    const refuses = { writeAll: () => Promise.reject(new Error('away')) };
    const written = await request(async (gathered) => {
      gathered.save(recordOf('Grant'));
      await assert.rejects(gathered.write(refuses), /away/);
    });
    assert.deepEqual(written, []);
  });

  it('has nothing for a request that is not run by it', () => {
    const gathered = createGatheredWrites({ writeAll: () => Promise.resolve() });
    assert.equal(gathered.of({}), undefined);
    assert.equal(gathered.of(undefined), undefined);
  });
});
