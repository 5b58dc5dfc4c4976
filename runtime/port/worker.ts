/**
 * The part of the `Host` port that is about threads: a worker as the pool sees it, and the parent as the worker sees
 * it, alike on every runtime.
 *
 * @module
 */

/** What of a thread a program may choose, where the host lets it. */
export interface ThreadOptions {
  /** The thread's environment, instead of the process's. */
  env?: Record<string, string>;
  /** What the thread finds in `process.argv` behind the program. */
  argv?: string[];
  /** Flags of the host, instead of those of the process. */
  execArgv?: string[];
  /** Node's limits of the thread's memory. */
  resourceLimits?: Record<string, number>;
  /** Deno's permissions of the thread. */
  permissions?: "inherit" | "none" | Record<string, unknown>;
}

/** A thread that the program starts itself: a web `Worker`, or a `Worker` of `node:worker_threads`. */
export interface GivenWorker {
  /** Sends a message. */
  postMessage(message: unknown): void;
  /** Ends the thread. */
  terminate(): unknown;
}

/** How a worker thread is to be started. */
export interface HostWorkerOptions {
  /** A name for debuggers and messages. */
  name: string;
  /** Called for each message the worker posts. */
  onMessage(message: unknown): void;
  /** Called once, when the thread has ended for whatever reason; nothing is called after it. */
  onExit(exit: WorkerExit): void;
  /** Is it known that the thread has posted a message which has not come, or was about to? A host whose threads lose them waits a little. */
  awaitsMessage?(): boolean;
  /** A module the thread is going to load later; the host makes sure that it can (TypeScript on Node 20). */
  loads?: URL;
  /** Of these only what the host knows (`HostThreads.options`). */
  thread?: ThreadOptions;
}

/** How a worker ended. */
export interface WorkerExit {
  /** The exit code, where the host tells it. */
  code: number | undefined;
  /** The error nobody caught in the thread, or that kept it from starting. */
  error: unknown;
}

/** A running worker thread. */
export interface HostWorker {
  /** Is a string a cheaper message than an array of a few numbers, JSON's part included? */
  readonly prefersText?: boolean;
  /** Sends a message; throws `DataCloneError` when it cannot be cloned. */
  post(message: unknown, transfer: Transferable[]): void;
  /** Lets the worker hold the process, or not; a new worker does not. */
  hold(holds: boolean): void;
  /** Ends the thread as soon as the host can; `onExit` follows, never within the call. A second call does nothing. */
  terminate(): void;
}

/**
 * The threads of a host. Like its network they are found apart from the rest, so that a program without a pool does not carry what
 * starts them on all hosts.
 */
export interface HostThreads {
  /** What of a thread a program may choose. */
  readonly options: readonly (keyof ThreadOptions)[];
  /** Does a thread learn how much memory it has in use? */
  readonly tellsMemory?: true;
  /** Starts a thread that loads `module`, or takes one that a function gives. */
  spawn(module: URL | (() => GivenWorker), options: HostWorkerOptions): HostWorker;
}

/** The other end, in the thread. */
export interface HostParent {
  /** As on the other side. */
  readonly prefersText?: boolean;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** How many bytes the thread has in use, what waits for the garbage collector included; 0 where the host does not tell. */
  memory(): number;
  /**
   * Calls back when the thread has had pauses, where `memory` tells what was in use at the last garbage collection (Bun); a further
   * call takes the place of the one before.
   */
  whenCollected?(callback: () => void): void;
  /** Sends a message to the pool; throws `DataCloneError` when it cannot be cloned. */
  post(message: unknown, transfer: Transferable[]): void;
  /** Loads the module of the user, where `import` would not do: in a simulation, which has to wait for it. */
  load?(module: string): Promise<Record<string, unknown>>;
  /** Takes a message out of turn that has come already, where the host can; `undefined` if there is none. */
  poll?(): unknown;
  /** Says that this thread, which the program has started, listens now: what is posted before that can be lost. */
  announce?(): void;
  /** Tells the code of the thread that it is about to end, in the way of the host: what ends a thread from outside tells nobody there. */
  tellEnd?(): void;
  /** Takes the messages of the pool. */
  listen(onMessage: (message: unknown) => void): void;
}
