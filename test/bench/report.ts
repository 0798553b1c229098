// Owns what the bench says: medians over rounds, ratios within a round, goals.

import { availableParallelism } from 'node:os';
import type { Burst, Measurement } from './measure.ts';
import type { VariantName } from './variants.ts';

/** Median of the rounds and its spread. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface VariantFigures {
  /** Milliseconds per sign-in at 16 connections. */
  readonly serverCpuMs: Spread;
  readonly databaseCpuMs: Spread;
  /** Milliseconds per sign-in at one connection. */
  readonly serverCpuMsAlone: Spread;
  readonly signInsPerSecondAlone: Spread;
  readonly signInsPerSecond: Spread;
}

export interface Goal {
  readonly goal: string;
  readonly measured: number;
  readonly most: number;
  readonly met: boolean;
}

/** What is printed and kept. */
export interface Report {
  readonly date: string;
  readonly node: string;
  readonly cpus: number;
  readonly rounds: number;
  readonly signIns: number;
  readonly failures: number;
  readonly variants: Readonly<Record<VariantName, VariantFigures>>;
  /** Server CPU per sign-in at 16 connections, by that of the bare engine in the same round. */
  readonly ratios: Readonly<Record<'sqlite' | 'mariadb', Spread>>;
  readonly goals: readonly Goal[];
}

const SQLITE_RATIO = 1.5;
const MARIADB_RATIO = 2;
const DATABASE_CPU_MS = 3;

const NAMES: Readonly<Record<VariantName, string>> = {
  bare: 'a  oidc-provider alone',
  sqlite: 'b  Guestpass, SQLite',
  mariadb: 'c  Guestpass, MariaDB',
};

/** Sums a measurement up. Pure but for the machine it names. */
export function createReport({ bursts, failures }: Measurement, date: string): Report {
  const together = bursts.filter(({ connections }) => connections > 1);
  const alone = bursts.filter(({ connections }) => connections === 1);
  const figures = (name: VariantName): VariantFigures => {
    const over = (of: readonly Burst[], value: (burst: Burst) => number): Spread =>
      spreadOf(of.filter(({ variant }) => variant === name).map(value));
    return {
      serverCpuMs: over(together, ({ serverCpu }) => serverCpu),
      databaseCpuMs: over(together, ({ databaseCpu }) => databaseCpu),
      serverCpuMsAlone: over(alone, ({ serverCpu }) => serverCpu),
      signInsPerSecondAlone: over(alone, ({ perSecond }) => perSecond),
      signInsPerSecond: over(together, ({ perSecond }) => perSecond),
    };
  };
  const ratio = (name: VariantName): Spread => spreadOf(ratiosOf(together, name));
  const variants = {
    bare: figures('bare'),
    sqlite: figures('sqlite'),
    mariadb: figures('mariadb'),
  };
  const ratios = { sqlite: ratio('sqlite'), mariadb: ratio('mariadb') };
  return {
    date,
    node: process.version,
    cpus: availableParallelism(),
    rounds: Math.max(...bursts.map(({ round }) => round)),
    signIns: bursts.reduce((sum, { signIns }) => sum + signIns, 0),
    failures: failures.length,
    variants,
    ratios,
    goals: [
      goalOf('server CPU, b/a', ratios.sqlite.median, SQLITE_RATIO),
      goalOf('server CPU, c/a', ratios.mariadb.median, MARIADB_RATIO),
      goalOf('database CPU of c, ms', variants.mariadb.databaseCpuMs.median, DATABASE_CPU_MS),
    ],
  };
}

/** Writes a report as people read it. Pure. */
export function formatReport(report: Report): string {
  const names = ['bare', 'sqlite', 'mariadb'] as const;
  const rows = names.map((name) => {
    const of = report.variants[name];
    return [
      NAMES[name],
      formatSpread(of.serverCpuMs),
      name === 'bare' ? '' : formatSpread(report.ratios[name]),
      name === 'mariadb' ? formatSpread(of.databaseCpuMs) : '',
      formatSpread(of.serverCpuMsAlone),
      formatSpread(of.signInsPerSecondAlone),
      formatSpread(of.signInsPerSecond),
    ];
  });
  const head = ['', 'CPU ms', '× a', 'database ms', 'CPU ms at 1', '1/s at 1', '1/s at 16'];
  const goals = report.goals.map(
    ({ goal, measured, most, met }) =>
      `${met ? 'met    ' : 'NOT MET'}  ${goal}: ${round(measured)}, at most ${most}`,
  );
  return [
    `Per sign-in: median (least–most) of ${report.rounds} rounds. ${report.signIns} sign-ins, ` +
      `${report.failures} failed. Node ${report.node}, ${report.cpus} CPUs.`,
    ...tableOf([head, ...rows]),
    ...goals,
  ].join('\n');
}

function ratiosOf(bursts: readonly Burst[], name: VariantName): readonly number[] {
  const cpuOf = (of: VariantName, round: number): number =>
    bursts.find((burst) => burst.variant === of && burst.round === round)?.serverCpu ?? NaN;
  return bursts
    .filter(({ variant }) => variant === name)
    .map(({ round: at }) => cpuOf(name, at) / cpuOf('bare', at));
}

function goalOf(goal: string, measured: number, most: number): Goal {
  return { goal, measured: round(measured), most, met: measured <= most };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { median: round(median), least: round(sorted[0]!), most: round(sorted.at(-1)!) };
}

function formatSpread({ median, least, most }: Spread): string {
  return `${median} (${least}–${most})`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function tableOf(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '));
}
