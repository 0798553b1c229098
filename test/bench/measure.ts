// Owns measuring: interleaved rounds, so that a busy machine is busy for every variant alike.

import { type Load, runLoad } from './load.ts';
import { signIn } from './sign-in.ts';
import type { Variant, VariantName } from './variants.ts';

/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  readonly warmUp: Load;
  /** One connection: how long a guest waits. */
  readonly alone: Load;
  /** Sixteen connections: how much a server carries. */
  readonly together: Load;
}

/** One burst against one variant. */
export interface Burst {
  readonly variant: VariantName;
  readonly round: number;
  readonly connections: number;
  readonly signIns: number;
  readonly perSecond: number;
  /** Milliseconds of CPU per sign-in. */
  readonly serverCpu: number;
  readonly databaseCpu: number;
}

export interface Measurement {
  readonly bursts: readonly Burst[];
  /** Why sign-ins failed, warm-up included. */
  readonly failures: readonly string[];
}

/** Warms every variant up, then measures them in turn, another one first in each round. */
export async function measure(
  plan: Plan,
  variants: readonly Variant[],
  addresses: readonly string[],
  codeFor: (address: string) => Promise<string>,
): Promise<Measurement> {
  const bursts: Burst[] = [];
  const failures: string[] = [];
  let guest = 0;
  for (const variant of variants) await burst(variant, plan.warmUp, 0);
  if (failures.length > 0) return { bursts, failures };
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const index of variants.keys()) {
      const variant = variants[(index + round) % variants.length]!;
      bursts.push(await burst(variant, plan.together, round));
      bursts.push(await burst(variant, plan.alone, round));
    }
  }
  return { bursts, failures };

  async function burst(variant: Variant, load: Load, round: number): Promise<Burst> {
    const before = await variant.readCpu();
    const result = await runLoad(load, () => {
      guest += 1;
      return signIn(variant.endpoints, addresses[guest % addresses.length]!, codeFor);
    });
    const after = await variant.readCpu();
    failures.push(...result.failures.map((failure) => `${variant.name}: ${failure}`));
    return {
      variant: variant.name,
      round,
      connections: load.connections,
      signIns: result.done,
      perSecond: result.done / result.seconds,
      serverCpu: (after.server - before.server) / result.done,
      databaseCpu: (after.database - before.database) / result.done,
    };
  }
}
