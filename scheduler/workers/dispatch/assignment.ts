/**
 * Which worker takes a job: functions of the job and the workers, that know nothing of queues and messages.
 *
 * @module
 */

/** What is asked of a worker. */
export interface Candidate {
  /** Would it start a job as that arrives? */
  readonly free: boolean;
  /** How many jobs it has. */
  readonly count: number;
  /** Would it take a job that waits behind at most `ahead` others? */
  hasRoom(ahead: number): boolean;
}

/** The first worker without a job. */
export function freeWorker<W extends Candidate>(workers: readonly W[]): W | undefined {
  for (const worker of workers) if (worker.free) return worker;
  return undefined;
}

/**
 * The worker that takes a job now, if one does: a free one, else the one with the fewest jobs among those that take it behind
 * at most `ahead` others.
 */
export function workerFor<W extends Candidate>(
  job: { readonly wantsFreeWorker: boolean },
  workers: readonly W[],
  ahead: number,
): W | undefined {
  const free = freeWorker(workers);
  if (free !== undefined || job.wantsFreeWorker) return free;
  let best: W | undefined;
  for (const worker of workers) {
    if (worker.hasRoom(ahead) && (best === undefined || worker.count < best.count)) best = worker;
  }
  return best;
}

/** The worker with the most jobs, if there is one with a job that waits behind another. */
export function busiestWorker<W extends Candidate>(workers: readonly W[]): W | undefined {
  let busiest: W | undefined;
  for (const worker of workers) if (worker.count > (busiest?.count ?? 1)) busiest = worker;
  return busiest;
}

/** How jobs go from one worker to another. */
export interface Shares<J> {
  /** Takes back the jobs that wait behind the first `keep` and that `wanted` picks. */
  takeBackBehind(keep: number, wanted: (job: J) => boolean): J[];
  send(job: J): void;
}

/** A free worker takes over what waits behind a busy one. */
export function balance<J, W extends Candidate & Shares<J>>(workers: readonly W[]): void {
  if (workers.length < 2) return;
  for (let free = freeWorker(workers); free !== undefined; free = freeWorker(workers)) {
    const busiest = busiestWorker(workers);
    if (busiest === undefined) return;
    const jobs = busiest.takeBackBehind(Math.ceil(busiest.count / 2), () => true);
    if (jobs.length === 0) return;
    for (const job of jobs) free.send(job);
  }
}
