/**
 * What the host itself has seen run, sampled: V8's profiler, where a program can start it for itself, as on Node.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../hosts/common/node_process.ts";

interface Session {
  connect(): void;
  disconnect(): void;
  post(
    method: string,
    parameters: object,
    callback?: (error: unknown, answer: { profile?: Profile } | undefined) => void,
  ): void;
}

/** A place in the code, as V8 counts: from 0 on. */
interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

/** A profile of V8's: which node was found at the top at each sample, and how many us after the one before. Its times are of a clock of its own. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** How often is looked, in us. */
const interval = 1000;

/** How many frames of a stack are given. */
const mostFrames = 12;

/** Where a program was, by time. */
export interface Samples {
  /** Where it was most often between two times of the host's clock, in ms: the lines of a stack, innermost first. Empty if that is not known. */
  stackBetween(begins: number, ends: number): string[];
}

/** Begins to sample; what is returned ends that. `undefined` where the host does not do it. `now` is the host's clock, in ms. */
export function startSampling(now: () => number): (() => Samples | undefined) | undefined {
  try {
    const { Session } = hasBuiltins()
      ? builtin<{ Session: new () => Session }>("node:inspector")
      : { Session: undefined };
    if (Session === undefined) return undefined;
    const session = new Session();
    session.connect();
    let hasStarted = false;
    session.post("Profiler.enable", {});
    session.post("Profiler.setSamplingInterval", { interval });
    session.post("Profiler.start", {}, (error) => hasStarted = error === null);
    // An answer that comes only later would be to a program that has gone on.
    if (!hasStarted) return void session.disconnect();
    return () => {
      let profile: Profile | undefined;
      // It ends when it is told to; to begin it takes V8 up to some 100 ms.
      const ended = now();
      session.post("Profiler.stop", {}, (_error, answer) => profile = answer?.profile);
      session.disconnect();
      return profile && new ProfileSamples(profile, ended);
    };
  } catch {
    return undefined;
  }
}

class ProfileSamples implements Samples {
  readonly #nodes: Map<number, ProfileNode> = new Map();
  readonly #parents: Map<number, number> = new Map();
  /** When each sample was taken, in ms of the host's clock. */
  readonly #times: number[] = [];
  readonly #samples: readonly number[];

  constructor({ nodes, startTime, endTime, samples = [], timeDeltas = [] }: Profile, ended: number) {
    for (const node of nodes) {
      this.#nodes.set(node.id, node);
      for (const child of node.children ?? []) this.#parents.set(child, node.id);
    }
    let time = startTime;
    for (const delta of timeDeltas) this.#times.push(ended - (endTime - (time += delta)) / 1000);
    this.#samples = samples;
  }

  stackBetween(begins: number, ends: number): string[] {
    const counts = new Map<number, number>();
    for (let index = this.#first(begins); index < this.#times.length && this.#times[index]! <= ends; index++) {
      const node = this.#samples[index]!;
      // In a collection, say, nobody's code runs.
      if (!this.#isCode(node)) continue;
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    const [top] = [...counts].sort(([, one], [, other]) => other - one);
    return top === undefined ? [] : this.#stackOf(top[0]);
  }

  /** The first sample at or after a time. */
  #first(time: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isCode(id: number): boolean {
    const { functionName, url } = this.#nodes.get(id)!.callFrame;
    return url !== "" || !functionName.startsWith("(");
  }

  #stackOf(id: number): string[] {
    const lines: string[] = [];
    for (let at: number | undefined = id; at !== undefined && lines.length < mostFrames; at = this.#parents.get(at)) {
      const { functionName, url, lineNumber, columnNumber } = this.#nodes.get(at)!.callFrame;
      if (url === "" && functionName.startsWith("(")) continue;
      const place = url === "" ? "native" : `${url}:${lineNumber + 1}:${columnNumber + 1}`;
      lines.push(`at ${functionName || "(anonymous)"} (${place})`);
    }
    return lines;
  }
}
