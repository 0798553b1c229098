// Owns `guestpass doctor`: everything an installation needs, looked at in one go.

import { systemClock } from '../domain/clock.ts';
import { createDomainProofs } from '../federation/domain-proof.ts';
import { formatFault } from '../settings/fault.ts';
import { draftSettings } from '../settings/load.ts';
import { checkConfiguration, type ConfigurationCheck } from '../tenants/configuration.ts';
import { broken, doubtful, fine, type Finding } from './doctor-finding.ts';
import { checkDatabase, checkDisk, checkKeyFiles, checkNode } from './doctor-machine.ts';
import { checkMail, checkProviders, checkPublicUrl } from './doctor-network.ts';
import { answer, EXIT, type Output, terminal } from './output.ts';
import { findUnproven } from './validate.ts';

export interface DoctorOptions {
  readonly config: string;
  /** false with `--no-network`: no other machine but the database is asked. */
  readonly network: boolean;
}

/**
 * Says of each thing whether it is fine, and in one sentence how to mend it where it is not. Changes
 * nothing and sends nothing.
 *
 * @returns the exit code: 1 when something fails
 */
export async function doctor(options: DoctorOptions, output: Output = terminal): Promise<number> {
  const check = await checkConfiguration(options.config);
  const { database } = check;
  const findings = [
    checkNode(process.versions.node),
    ...judgeConfiguration(check),
    ...(database
      ? [
          ...(await checkKeyFiles(database)),
          ...(await checkDatabase(database)),
          ...(await checkDisk(database)),
        ]
      : []),
    ...(options.network ? await askOthers(options.config, check) : []),
  ];
  answer(output, findings, ...findings.map(lineOf));
  return findings.some(({ state }) => state === 'fail') ? EXIT.problem : EXIT.fine;
}

function judgeConfiguration({ faults, notices, tenants }: ConfigurationCheck): readonly Finding[] {
  const check = 'configuration';
  const told = notices.map((notice) => doubtful(check, notice, 'guestpass validate'));
  if (faults.length === 0) return [fine(check, `${tenants.length} tenants, no faults`), ...told];
  return [
    ...faults.map((fault) => broken(check, formatFault(fault), 'guestpass validate')),
    ...told,
  ];
}

async function askOthers(config: string, check: ConfigurationCheck): Promise<readonly Finding[]> {
  const { publicUrl, tenants } = check;
  const { isLoopback, mail } = await draftSettings(config, process.env);
  const unproven = await findUnproven(check, createDomainProofs({ clock: systemClock }));
  return [
    ...(publicUrl === undefined ? [] : [await checkPublicUrl(publicUrl, tenants[0])]),
    ...(mail ? await checkMail(mail, tenants) : []),
    ...(await checkProviders(tenants, isLoopback, systemClock)),
    ...unproven.map(({ file, line, message, mend }) =>
      broken('domain proof', `${file}:${line}  ${message}`, mend),
    ),
  ];
}

function lineOf({ state, check, says, mend }: Finding): string {
  return `${state.padEnd(4)}  ${check}  ${says}${mend === '' ? '' : `; ${mend}`}`;
}
