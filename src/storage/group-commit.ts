// Owns group commit: writes that arrive in one turn of the event loop share one commit.

/** The connection a group is written on. Its calls are synchronous: nothing comes between two. */
export interface GroupConnection {
  /**
   * Calls `use` once no transaction is open here, and again while another process has the lock;
   * rethrows what else it throws.
   */
  whenFree<T>(use: () => Promise<T>): Promise<T>;
  /** Begins, commits or rolls back. */
  control(sql: 'BEGIN IMMEDIATE' | 'COMMIT' | 'ROLLBACK'): void;
  /** Whether a transaction is open. */
  isOpen(): boolean;
}

/** Takes writes and answers each after the commit that holds it. */
export interface GroupCommit {
  /**
   * Performs `write`, one statement, with the others of this turn. It may run again, when another
   * process had the lock.
   *
   * @returns what `write` returns, once it is on disk
   * @throws what `write` throws, which leaves the others of its group alone; or what made the whole
   * group fail, and then nothing of it was written
   */
  add<T>(write: () => T): Promise<T>;
  /** Resolves when every write added so far is answered. */
  settle(): Promise<void>;
}

interface Write {
  /** Writes, and returns what tells the caller so. */
  readonly perform: () => () => void;
  readonly reject: (fault: unknown) => void;
}

/** Makes the group commit of one connection. */
export function createGroupCommit(connection: GroupConnection): GroupCommit {
  let pending: Write[] = [];
  const flushes = new Set<Promise<void>>();

  return {
    add: <T>(write: () => T) =>
      new Promise<T>((resolve, reject) => {
        pending.push({
          perform: () => {
            const result = write();
            return () => resolve(result);
          },
          reject,
        });
        if (pending.length === 1) schedule();
      }),
    settle: async () => {
      await Promise.all(flushes);
    },
  };

  function schedule(): void {
    // After every socket that is readable now has been read, before the process waits for more: a
    // microtask would run between two requests and find one write each time, a timer would wait.
    const flushed = new Promise<void>((resolve) => {
      setImmediate(() => resolve(flush()));
    });
    flushes.add(flushed);
    void flushed.then(() => flushes.delete(flushed));
  }

  async function flush(): Promise<void> {
    let group: readonly Write[] = [];
    const take = (): void => {
      if (group.length > 0) return;
      group = pending;
      pending = [];
    };
    try {
      // oxlint-disable-next-line typescript/require-await -- a throw must become a rejection
      const answers = await connection.whenFree(async () => {
        // Taken only now: whoever came while a transaction was open goes along.
        take();
        return commit(group);
      });
      for (const answer of answers) answer();
    } catch (error) {
      // Also when it never came to a turn: writes left behind would wait for ever.
      take();
      for (const write of group) write.reject(error);
    }
  }

  function commit(group: readonly Write[]): readonly (() => void)[] {
    const [first] = group;
    // A statement alone commits by itself, three calls to SQLite cheaper.
    if (first && group.length === 1) return [first.perform()];
    connection.control('BEGIN IMMEDIATE');
    try {
      const answers = group.map(performInGroup);
      connection.control('COMMIT');
      return answers;
    } catch (error) {
      if (connection.isOpen()) connection.control('ROLLBACK');
      throw error;
    }
  }

  function performInGroup(write: Write): () => void {
    try {
      return write.perform();
    } catch (error) {
      // A full disk rolls back the whole transaction: the writes before it are gone, and those after
      // it would commit one by one although their callers are told that they failed.
      if (!connection.isOpen()) throw error;
      return () => write.reject(error);
    }
  }
}
