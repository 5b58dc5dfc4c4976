/**
 * What every bench is made of: cases that are run in turn, round after round, so that a machine whose speed drifts harms
 * all of them alike. The ratio to trust is that of the medians.
 */

/** One way of doing the measured thing. */
export interface Case {
  name: string;
  /** "ours" is compared to the "floor", and to each "peer". */
  kind: "ours" | "floor" | "peer";
  /** Does the thing and answers with the figure, in the bench's unit. */
  run(): number | Promise<number>;
}

/** A claim and how it is measured. */
export interface Bench {
  name: string;
  claim: string;
  unit: string;
  /** The most that ours over floor may be; `undefined` where the figure itself counts. */
  target: number | undefined;
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
  low: number;
  high: number;
  /** Median over the floor's median. */
  ratio: number | undefined;
}

/** Runs the cases of a bench in turn. */
export async function measure(bench: Bench): Promise<Measured[]> {
  const cases = await bench.cases();
  const figures = cases.map((): number[] => []);
  const rounds = bench.rounds ?? 11;
  for (let round = -(bench.warmUps ?? 2); round < rounds; round++) {
    for (const [index, each] of cases.entries()) {
      const figure = await each.run();
      // The first rounds warm the code up.
      if (round >= 0) figures[index]!.push(figure);
    }
  }
  const medians = figures.map((all) => quantile(all, 0.5));
  const floor = cases.findIndex(({ kind }) => kind === "floor");
  return cases.map(({ name, kind }, index) => ({
    name,
    kind,
    median: medians[index]!,
    low: quantile(figures[index]!, 0.1),
    high: quantile(figures[index]!, 0.9),
    ratio: floor < 0 ? undefined : medians[index]! / medians[floor]!,
  }));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Times `count` of something, in microseconds each. */
export async function timeEach(count: number, body: () => unknown): Promise<number> {
  const began = performance.now();
  await body();
  return (performance.now() - began) / count * 1000;
}

/** Adds a peer if it can be loaded here. */
export async function peer(cases: Case[], name: string, make: () => Promise<Case["run"]>): Promise<void> {
  try {
    cases.push({ name, kind: "peer", run: await make() });
  } catch (error) {
    console.error(`left out: ${name} (${(error as Error).message.split("\n")[0]})`);
  }
}
