/** Who does what, as the page shows it. All that it keeps is bounded. */

import { Watch } from "../../mod.ts";

export type WorkerState = "starts" | "serves" | "killed" | "ended";

/** A call, from when it is made to its end. */
export interface Call {
  id: number;
  /** The search it is part of, in the words of who asked. */
  search: string;
  /** The first of its files, and how many there are. */
  file: string;
  files: number;
  /** Who has it; "" while it is queued. */
  worker: string;
  attempt: number;
  /** When it was begun, or made, in ms since the program began. */
  since: number;
}

/** A worker, with what it has done. */
export interface Worker {
  name: string;
  pid: number | undefined;
  state: WorkerState;
  done: number;
}

/** How many workers that are no more, and how many lines, are kept. */
const mostGone = 4;
const mostLines = 40;

export class Board {
  readonly workers: Map<string, Worker> = new Map();
  readonly calls: Set<Call> = new Set();
  readonly lines: { at: number; text: string }[] = [];
  /** How many calls were begun another time. */
  again = 0;
  /** Changes with every change. */
  readonly changed: Watch<number> = new Watch(0);
  #lastId = 0;

  /** A worker has another state. */
  worker(name: string, state: WorkerState, pid?: number): void {
    const known = this.workers.get(name);
    this.workers.set(name, { name, state, pid: pid ?? known?.pid, done: known?.done ?? 0 });
    const held = [...this.calls].filter(({ worker }) => worker === name).length;
    const words = { starts: "starts", serves: `serves as process ${pid}`, killed: "was killed", ended: "has ended" };
    this.#say(`${name} ${words[state]}${state === "killed" && held > 0 ? `, with ${callsOf(held)}` : ""}`);
    const gone = [...this.workers.values()].filter((each) => each.state === "killed" || each.state === "ended");
    for (const each of gone.slice(0, -mostGone)) this.workers.delete(each.name);
  }

  /** A call is made. */
  add(search: string, paths: readonly string[]): Call {
    const call = { id: ++this.#lastId, search, file: paths[0]!, files: paths.length };
    const added = { ...call, worker: "", attempt: 0, since: performance.now() };
    this.calls.add(added);
    this.touch();
    return added;
  }

  /** A worker has begun it. */
  begin(call: Call, worker: string, attempt: number): void {
    if (attempt > 1) {
      this.again++;
      this.#say(`call ${call.id}, which ${call.worker || "another worker"} had, runs on ${worker}: attempt ${attempt}`);
    }
    Object.assign(call, { worker, attempt, since: performance.now() });
    this.touch();
  }

  /** It is over. */
  end(call: Call, isDone: boolean): void {
    this.calls.delete(call);
    const worker = this.workers.get(call.worker);
    if (isDone && worker !== undefined) worker.done++;
    this.touch();
  }

  /** Something shows that has changed. */
  touch(): void {
    this.changed.set(this.changed.value + 1);
  }

  #say(text: string): void {
    this.lines.push({ at: Date.now(), text });
    if (this.lines.length > mostLines) this.lines.shift();
    this.touch();
  }
}

function callsOf(count: number): string {
  return count === 1 ? "1 call" : `${count} calls`;
}
