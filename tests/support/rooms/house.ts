/**
 * The one table of the house: its rooms from the ground up, what each may stand on, and the doors that others may come in by.
 *
 * A room imports only rooms that stand before it in the table: those it is `over`, and what those are over in turn. Of another room it
 * imports a door: `mod.ts`, which has the room's public names only, or a file that is named here.
 *
 * @module
 */

/** A folder of the library, or a file that is a room by itself. */
export interface Room {
  readonly path: string;
  /** What lives there. */
  readonly says: string;
  /** The rooms it stands on directly. */
  readonly over: readonly string[];
  /** The files that other rooms may import, without their ending, at most seven; absent where every file is one. */
  readonly doors?: readonly string[];
  /** Its inner folders in their order, each with those before it that it may import; "" is what lies in the room itself. */
  readonly inside?: Readonly<Record<string, readonly string[]>>;
}

/** The rooms, from the ground up. */
export const house: readonly Room[] = [
  {
    path: "runtime/basics",
    says:
      "pieces that need nothing: heap, histogram, random numbers, bytes, checks of arguments, the parts of a head, the library's own stack frames",
    over: [],
  },
  { path: "runtime/port", says: "what a host is: interfaces and plain values only", over: [] },
  {
    path: "runtime/hosts",
    says: "Node, Deno, Bun and the browser: every quirk, and nowhere else",
    over: ["runtime/basics", "runtime/port"],
    doors: [
      "common/exchange",
      "common/watched_body",
      "common/node_process",
      "common/own_functions",
      "common/timers",
      "common/parent",
      "common/replace_frames",
    ],
    inside: { common: [], browser: ["common"], bun: ["common"], deno: ["common"], node: ["common"] },
  },
  {
    path: "runtime/current_host.ts",
    says: "which host this is, and putting another one in its place",
    over: ["runtime/hosts"],
  },
  {
    path: "runtime/host_network.ts",
    says: "the network of a host, which only those carry who use it",
    over: ["runtime/hosts"],
  },
  {
    path: "runtime/host_threads.ts",
    says: "the threads of a host, which only those carry who use them",
    over: ["runtime/hosts"],
  },
  {
    path: "runtime/system",
    says: "files, processes, the environment and diagnostics of the machine",
    over: ["runtime/hosts"],
  },
  {
    path: "runtime/monitor",
    says: "who watches the turns of the loop: the recorder, the watchdog with its thread, and the host's own sampling",
    over: ["runtime/host_threads.ts"],
    doors: ["monitor", "watchdog", "profiler"],
  },
  {
    path: "runtime/simulation",
    says: "a simulated loop in the place of the host, and the model of which orders a host allows",
    over: ["runtime/current_host.ts", "runtime/host_network.ts", "runtime/monitor", "runtime/system"],
    doors: [
      "loop/loop_event",
      "loop/real_turns",
      "model/profile",
      "run/host",
      "run/run",
      "run/session",
      "workers/workers",
    ],
    inside: {
      loop: [],
      model: [],
      disk: [],
      machines: ["loop", "disk"],
      faults: ["loop", "machines"],
      network: ["loop", "machines", "faults"],
      workers: ["loop"],
      globals: ["loop", "workers"],
      files: ["loop", "globals", "disk"],
      observation: ["model"],
      run: ["loop", "model", "disk", "machines", "faults", "network", "workers", "globals", "files"],
    },
  },

  {
    path: "scheduler/queue",
    says: "what is ready to run: entries, priorities, the run queue, the timers, the loop",
    over: ["runtime/current_host.ts", "runtime/monitor", "runtime/system"],
    doors: ["entry", "priority", "settlers", "timer_queue", "loop"],
  },
  {
    path: "scheduler/scopes",
    says: "the tree that cancellation runs down: scopes, the handle of a task, errors, foreign signals",
    over: ["scheduler/queue"],
    doors: ["errors", "task", "scope", "exit", "current_scope", "foreign_signal", "unhandled"],
  },
  { path: "scheduler/configure.ts", says: "the defaults of the process", over: ["scheduler/scopes"] },
  {
    path: "scheduler/waits",
    says: "where a flow of control stops: waits, turns, sleep, debounce, idle time",
    over: ["scheduler/scopes"],
    doors: ["wait", "wait_cycle", "turn", "sleep", "interruptible", "backoff", "inheritance"],
  },
  {
    path: "scheduler/tasks",
    says: "tasks, groups and how they end",
    over: ["scheduler/waits"],
    doors: ["task_group", "group_node", "group_options", "deferred", "task_node", "places"],
  },
  {
    path: "scheduler/web",
    says: "the web's own scheduler: postTask, yield, signals with a priority",
    over: ["scheduler/waits"],
    doors: ["scheduler"],
  },
  { path: "scheduler/chunked", says: "loops in slices", over: ["scheduler/waits"], doors: [] },
  {
    path: "scheduler/workers",
    says: "functions of a module on other threads: wire, jobs, thread, crew, inline, dispatch, pool",
    over: ["scheduler/waits"],
    doors: ["thread/current_job", "thread/worker_side", "pool/live_pools", "pool/for_machines"],
    inside: {
      wire: [],
      jobs: ["wire"],
      thread: ["wire"],
      crew: ["wire", "jobs", "thread"],
      inline: ["wire", "jobs", "thread", "crew"],
      dispatch: ["wire", "jobs", "crew", "inline"],
      pool: ["wire", "jobs", "crew", "inline", "dispatch"],
    },
  },
  {
    path: "scheduler/sync",
    says: "what tasks meet at: channel, broadcast, watch, semaphore, rate limiter, locks, condition, latch, barrier",
    over: ["scheduler/tasks"],
    doors: ["permit", "semaphore", "mutex"],
  },
  {
    path: "scheduler/inspection",
    says: "the tree of tasks as people look at it, how late the loop is, and what a trace records",
    over: ["scheduler/tasks"],
    doors: ["task_tree", "wait_cycles", "turn_observers", "task_walk", "task_parts"],
  },
  {
    path: "scheduler/program",
    says: "the frame of a program: its signals, its exit code, the report of its failure, the trace of it",
    over: ["scheduler/inspection"],
    doors: [],
  },
  {
    path: "scheduler/combinators",
    says: "all, race, any, mapConcurrent, streamConcurrent, retry",
    over: ["scheduler/tasks"],
    doors: [],
  },
  {
    path: "scheduler/supervision",
    says: "tasks that fail alone and are started again",
    over: ["scheduler/tasks", "scheduler/sync"],
    doors: [],
  },
  {
    path: "scheduler/exploration",
    says: "bodies on the simulated loop: simulate, explore, cancelEverywhere, schedules; histories of operations",
    over: ["runtime/simulation", "scheduler/sync", "scheduler/inspection", "scheduler/workers"],
    doors: [],
    inside: {
      history: [],
      stage: [],
      search: ["stage"],
      "": ["history", "stage", "search"],
      fast_check: ["stage", "search", ""],
      soak: ["stage", "search", ""],
    },
  },

  {
    path: "io/waits",
    says: "how an operation of the host joins a scope",
    over: ["scheduler/waits"],
    doors: ["abortable", "on_cancel"],
  },
  {
    path: "io/processes",
    says: "programs and signals",
    over: ["io/waits", "scheduler/tasks", "runtime/system"],
    doors: [],
  },
  {
    path: "io/asyncio",
    says: "the names of Python's asyncio, over tasks",
    over: ["io/waits", "scheduler/tasks", "scheduler/web"],
    doors: [],
  },
  {
    path: "io/files",
    says: "files and folders: reading, writing, walking, watching",
    over: ["io/waits", "scheduler/tasks", "runtime/system"],
    doors: ["files"],
  },
  {
    path: "io/net",
    says: "connections of bytes: connect, listen, serveTcp, TLS",
    over: ["io/waits", "scheduler/sync", "runtime/host_network.ts"],
    doors: ["connection", "tls"],
  },
  {
    path: "io/serve",
    says: "a server of HTTP whose requests are groups",
    over: ["io/net", "runtime/system"],
    doors: ["live_servers"],
  },
  {
    path: "io/inspector",
    says: "a page that shows what the program does, and its server",
    over: ["io/serve", "scheduler/inspection", "scheduler/workers"],
    doors: [],
    inside: { "": [], page: [""] },
  },
  {
    path: "io/streams",
    says: "lines and frames of a stream of bytes",
    over: ["io/files", "io/net"],
    doors: [],
  },
  {
    path: "io/remote",
    says: "functions of a module on other machines: what carries the calls, the wire, who serves, who calls",
    over: ["scheduler/workers", "scheduler/combinators", "scheduler/waits"],
    doors: [],
    inside: {
      engine: [],
      wire: ["engine"],
      embedded: ["engine", "wire"],
      nats: ["engine"],
      server: ["engine", "wire"],
      settings: ["engine", "embedded", "nats"],
      pool: ["engine", "wire", "settings"],
      "": ["engine", "wire", "embedded", "server", "settings", "pool"],
    },
  },
];
