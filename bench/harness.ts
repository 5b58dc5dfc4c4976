/**
 * What every bench is made of: cases that are run in turn, round after round, so that a machine whose speed drifts harms
 * all of them alike. The ratio to trust is that of the CPU time, which other programs take nothing from.
 */

import process from "node:process";

/** A time, with the CPU time that all threads of this process took for it, in the same unit. */
export interface Timed {
  figure: number;
  cpu: number;
}

/** What ours must not exceed. */
export interface Limits {
  /** The most that ours over floor may be. */
  target?: number | undefined;
  /** The most that ours may be, in the bench's unit. */
  most?: number | undefined;
  /** The most that ours may be above the floor, in the bench's unit. */
  more?: number | undefined;
  /** The name of a peer that ours must not be above. */
  notAbove?: string | undefined;
}

/** What a ratio is made of: CPU time, time on the clock, or a figure that is no time. */
export type By = "cpu" | "wall" | "figure";

/** One way of doing the measured thing. */
export interface Case {
  name: string;
  /** "ours" is compared to the "floor", and to each "peer". */
  kind: "ours" | "floor" | "peer";
  /** In the place of the bench's own. */
  limits?: Limits;
  /** Does the thing and answers with the figure, in the bench's unit. */
  run(): number | Timed | Promise<number | Timed>;
}

/** A claim and how it is measured. */
export interface Bench extends Limits {
  name: string;
  claim: string;
  unit: string;
  /** The most that ours over floor may be; `undefined` where the figure itself counts. */
  target: number | undefined;
  /** "wall" where the claim is about what passes on the clock, as a latency does; else CPU time counts where the cases tell it. */
  by?: "wall";
  /** Does it count mistakes, so that it is no part of the report of speed? */
  isAside?: boolean;
  rounds?: number;
  /** Rounds before those, to warm the code up. Default: 2. */
  warmUps?: number;
  /** Made on the runtime that runs the bench; peers that it cannot load are left out and named. */
  cases(): Case[] | Promise<Case[]>;
  /** Prints what it finds itself, in the place of cases. */
  report?(options: ReportOptions): Promise<void>;
}

/** What a bench that prints itself can be told. */
export interface ReportOptions {
  readonly json: boolean;
  /** How many seeds, where lots are drawn. */
  readonly seeds?: number | undefined;
  /** Where a search ends that has found nothing. */
  readonly cap?: number | undefined;
  /** How many schedules of what is not to fail. */
  readonly twins?: number | undefined;
  /** Where a plot is written to. */
  readonly plot?: string | undefined;
}

/** What a case came to. */
export interface Measured {
  name: string;
  kind: Case["kind"];
  median: number;
  /** The tenth and the ninetieth percentile. */
  low: number;
  high: number;
  /** The mean of the CPU time: garbage is collected in some rounds and not in others. `undefined` where a case does not tell it. */
  cpu: number | undefined;
  cpuLow: number | undefined;
  cpuHigh: number | undefined;
  /** Over the floor's: the CPU time, or the median where the bench is by wall time. */
  ratio: number | undefined;
  /** The tenth and the ninetieth percentile of the ratios of single rounds. */
  ratioLow: number | undefined;
  ratioHigh: number | undefined;
  /** What ours must not exceed, where that is not what the bench says. */
  limits?: Limits | undefined;
}

/** Are peers left out? */
let isWithoutPeers = false;

/** Runs the cases of a bench in turn. */
export async function measure(bench: Bench): Promise<Measured[]> {
  const cases = await bench.cases();
  const results = cases.map((): (number | Timed)[] => []);
  const rounds = bench.rounds ?? 11;
  for (let round = -(bench.warmUps ?? 2); round < rounds; round++) {
    for (const [index, each] of cases.entries()) {
      const result = await each.run();
      // The first rounds warm the code up.
      if (round >= 0) results[index]!.push(result);
    }
  }
  return summaryOf(bench, cases, results);
}

/**
 * Runs floors and ours as one of the many processes whose figures `--against` compares: half of the rounds, and those of a case
 * one after the other, so that each case collects its own garbage and no other's. Were it all the same from round to round,
 * so would be which rounds the collector falls into, and a tree that allocates a little less could seem a third faster
 * or slower: a different amount of garbage before each round has it come at all times alike.
 */
export async function measureSide(bench: Bench): Promise<Measured[]> {
  isWithoutPeers = true;
  const cases = (await bench.cases()).filter(({ kind }) => kind !== "peer");
  const rounds = Math.ceil((bench.rounds ?? 11) / 2);
  const warmUps = Math.max(bench.warmUps ?? 2, Math.ceil(rounds / 2));
  const results: (number | Timed)[][] = [];
  for (const each of cases) {
    const all: (number | Timed)[] = [];
    for (let round = 0; round < warmUps + rounds; round++) {
      // Multiples of the golden ratio fill the range evenly.
      leaveGarbage((round * 0.618034) % 1 * (16 << 20));
      all.push(await each.run());
    }
    results.push(all.slice(warmUps));
  }
  return summaryOf(bench, cases, results);
}

/** What was allocated last, kept so that the engine does not leave it out. */
let garbage: unknown[] = [];

function leaveGarbage(bytes: number): void {
  for (let left = bytes; left > 0; left -= 8000) garbage = new Array(1000);
  garbage.length = 0;
}

/** What a bench's ratios are made of: CPU time only where ours and floor both tell it. */
export function byOf({ by }: Pick<Bench, "by">, measured: readonly Pick<Measured, "kind" | "cpu">[]): By {
  return by ?? (measured.every(({ kind, cpu }) => kind === "peer" || cpu !== undefined) ? "cpu" : "figure");
}

/** What the rounds of each case come to. */
export function summaryOf(
  bench: Pick<Bench, "by">,
  cases: readonly Omit<Case, "run">[],
  results: readonly (readonly (number | Timed)[])[],
): Measured[] {
  const figures = results.map((all) => all.map((result) => typeof result === "number" ? result : result.figure));
  const cpus = results.map((all) => all.flatMap((result) => typeof result === "number" ? [] : [result.cpu]));
  const summaries = cases.map(({ name, kind, limits }, index) => {
    const [wall, cpu] = [figures[index]!, cpus[index]!];
    const isTold = cpu.length > 0;
    return {
      name,
      kind,
      limits,
      median: quantile(wall, 0.5),
      low: quantile(wall, 0.1),
      high: quantile(wall, 0.9),
      cpu: isTold ? mean(cpu) : undefined,
      cpuLow: isTold ? quantile(cpu, 0.1) : undefined,
      cpuHigh: isTold ? quantile(cpu, 0.9) : undefined,
    };
  });
  const by = byOf(bench, summaries);
  const counted = by === "cpu" ? cpus : figures;
  const middle = (of: Pick<Measured, "median" | "cpu">) => by === "cpu" ? of.cpu : of.median;
  const floor = cases.findIndex(({ kind }) => kind === "floor");
  return summaries.map((summary, index) => {
    // A peer that does not tell its CPU time among others that do has no ratio.
    const own = counted[index]!;
    const floors = counted[floor] ?? [];
    if (own.length === 0 || floors.length === 0) {
      return { ...summary, ratio: undefined, ratioLow: undefined, ratioHigh: undefined };
    }
    const ratios = own.map((value, round) => value / floors[round]!);
    return {
      ...summary,
      ratio: middle(summary)! / middle(summaries[floor]!)!,
      ratioLow: quantile(ratios, 0.1),
      ratioHigh: quantile(ratios, 0.9),
    };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Starts to time; what it returns stops, and tells what `count` of something took, in microseconds each. */
export function stopwatch(): (count: number) => Timed {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  return (count) => {
    const figure = (performance.now() - began) / count * 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { figure, cpu: (user + system) / count };
  };
}

/** Times `count` of something, in microseconds each. */
export async function timeEach(count: number, body: () => unknown): Promise<Timed> {
  const stop = stopwatch();
  await body();
  return stop(count);
}

/** How long a peer may take to be made, in ms. */
const patience = 10_000;

/** Adds a peer if it can be loaded here, and answers: some pools never do on some hosts. */
export async function peer(cases: Case[], name: string, make: () => Promise<Case["run"]>): Promise<void> {
  if (isWithoutPeers) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it does nothing within ${patience / 1000} s here`)), patience);
    });
    cases.push({ name, kind: "peer", run: await Promise.race([make(), late]) });
  } catch (error) {
    console.error(`left out: ${name} (${(error as Error).message.split("\n")[0]})`);
  } finally {
    clearTimeout(timer);
  }
}
