/**
 * A call of a pool, from `run` to its end.
 *
 * ```
 *   queued ──> sent ──> (started in the worker) ──> ended
 *     ▲          │ taken back: the worker died, or another one is free
 *     └──────────┘
 * ```
 *
 * @module
 */

import { Entry } from "../run_queue.ts";

/** What a pool needs to know of a call. */
export interface JobSettings {
  name: string;
  args: readonly unknown[];
  lane: number;
  transfer: Transferable[];
  /** For a stream: how many values may be on their way. */
  credit: number | undefined;
  runTimeout: number | undefined;
  onProgress: ((value: unknown) => void) | undefined;
}

/** A call. */
export class PoolJob extends Entry {
  readonly settings: JobSettings;
  /** The number the job has in the worker it was sent to. */
  id = 0;
  /** Nobody waits for the result any more. */
  aborted = false;
  /** A stream's values arrive here. */
  onValues: ((values: unknown[]) => void) | undefined = undefined;
  /** Told once how the job ended, unless it was aborted before. */
  onEnd: ((outcome: { value: unknown } | { error: unknown }) => void) | undefined = undefined;
  /** Told once that nothing of the job is left: it has ended in its worker, or never started. */
  onGone: (() => void) | undefined = undefined;

  constructor(settings: JobSettings) {
    super();
    this.settings = settings;
  }

  /** Jobs stand in lists of the pool, never in the run queue. */
  override run(): void {}

  /** Moved buffers and the clock of a run timeout want a worker that starts the job as it arrives. */
  get wantsFreeWorker(): boolean {
    return this.settings.transfer.length > 0 || this.settings.runTimeout !== undefined;
  }

  /** The job has ended, in whichever way. */
  end(outcome: { value: unknown } | { error: unknown }): void {
    const { onEnd, onGone } = this;
    this.onEnd = this.onGone = this.onValues = undefined;
    onEnd?.(outcome);
    onGone?.();
  }
}
