/** Options and arguments that nobody knows are told at the call. */

import { test } from "node:test";
import { assert, assertInstanceOf } from "@std/assert";
import {
  all,
  allSettled,
  any,
  CancelScope,
  Channel,
  configure,
  debounce,
  forEachChunked,
  group,
  LoopMonitor,
  main,
  mapChunked,
  mapConcurrent,
  nextFrame,
  race,
  RateLimiter,
  reduceChunked,
  retry,
  runChunked,
  shield,
  startTrace,
  streamConcurrent,
  supervise,
  TaskGroup,
  throttle,
  whenIdle,
  WorkerPool,
} from "../mod.ts";
import {
  connect,
  exec,
  inspector,
  json,
  listen,
  proxy,
  readBytes,
  readLines,
  serve,
  text,
  walk,
  watch,
  writeFile,
} from "../io/mod.ts";
import {
  cancelEverywhere,
  checkLinearizable,
  checkpointsOf,
  checkSession,
  drawHistory,
  explore,
  formatHistory,
  history,
  schedules,
  simulate,
} from "../testing.ts";
import { thrownBy } from "./support/errors.ts";

/** A call with options, and an option of it with a value of another type. */
type Call = [call: (options: never) => unknown, known: string, wrong: unknown];

const nothing = (): void => {};
const module = new URL("file:///tasks.js");

const calls: Record<string, Call> = {
  group: [(options) => group(nothing, options), "timeout", "10"],
  "new TaskGroup": [(options) => new TaskGroup(options), "limit", "3"],
  supervise: [(options) => supervise(nothing, options), "restart", "always"],
  spawn: [(options) => new TaskGroup().spawn(nothing, options), "daemon", "yes"],
  attempt: [(options) => new TaskGroup().attempt(nothing, options), "priority", "high"],
  start: [(options) => new TaskGroup().start(nothing, options), "name", 1],
  CancelScope: [(options) => new CancelScope(options), "shield", "hello"],
  shield: [(options) => shield(nothing, options), "timeout", "10"],
  all: [(options) => all([], options), "limit", "3"],
  allSettled: [(options) => allSettled([], options), "signal", "abort"],
  race: [(options) => race([nothing], options), "timeout", "10"],
  any: [(options) => any([nothing], options), "name", 1],
  mapConcurrent: [(options) => mapConcurrent([], nothing, options), "limit", "3"],
  streamConcurrent: [(options) => streamConcurrent([], nothing, options), "limit", "3"],
  RateLimiter: [(options) => new RateLimiter(options), "limit", "3"],
  retry: [(options) => retry(nothing, options), "attempts", "3"],
  Channel: [(options) => new Channel(1, options), "onUndelivered", "print"],
  forEachChunked: [(options) => forEachChunked(1, nothing, options), "sliceTime", "2"],
  mapChunked: [(options) => mapChunked(1, nothing, options), "into", "array"],
  reduceChunked: [(options) => reduceChunked(1, nothing, undefined, options), "onProgress", "print"],
  runChunked: [(options) => runChunked(function* () {}, options), "priority", "high"],
  debounce: [(options) => debounce(nothing, 1, options), "maxWait", "10"],
  throttle: [(options) => throttle(nothing, 1, options), "leading", "yes"],
  whenIdle: [(options) => whenIdle(options), "timeout", "10"],
  nextFrame: [(options) => nextFrame(options), "rate", "60"],
  configure: [(options) => configure(options), "slice", "5"],
  WorkerPool: [(options) => new WorkerPool(module, options), "size", "2"],
  "WorkerPool.run": [(options) => new WorkerPool(module).run("add", [], options), "timeout", "10"],
  "WorkerPool.stream": [(options) => new WorkerPool(module).stream("add", [], options), "highWaterMark", "2"],
  "WorkerPool.map": [(options) => new WorkerPool(module).map("add", [], options), "chunk", "2"],
  "WorkerPool.close": [(options) => new WorkerPool(module).close(options), "timeout", "10"],
  LoopMonitor: [(options) => new LoopMonitor(options), "resolution", "10"],
  main: [(options) => main(nothing, options), "places", "yes"],
  startTrace: [(options) => startTrace(options), "maxEvents", "10"],
  inspector: [(options) => inspector(options), "control", "yes"],
  serve: [(options) => serve(() => new Response(), options), "port", "80"],
  listen: [(options) => listen(options), "port", "80"],
  connect: [(options) => connect(options), "port", "80"],
  exec: [(options) => exec("true", [], options), "timeout", "10"],
  readBytes: [(options) => readBytes("file", options), "maxBytes", "10"],
  readLines: [(options) => readLines("file", options), "maxLength", "10"],
  walk: [(options) => walk(".", options), "limit", "3"],
  watch: [(options) => watch(".", options), "delay", "10"],
  writeFile: [(options) => writeFile("file", "", options), "mode", "10"],
  proxy: [(options) => proxy(new Request("http://a.example/"), "http://b.example", options), "signal", "abort"],
  text: [(options) => text("", options), "status", "200"],
  json: [(options) => json(1, options), "status", "200"],
  simulate: [(options) => simulate(nothing, options), "maxSteps", "3"],
  explore: [(options) => explore(nothing, options), "maxSchedules", "3"],
  cancelEverywhere: [(options) => cancelEverywhere(nothing, options), "after", "look"],
  checkpointsOf: [(options) => checkpointsOf(nothing, options), "seed", "1"],
  schedules: [(options) => schedules(options), "events", "3"],
  history: [(options) => history(options), "failed", "refused"],
  checkLinearizable: [(options) => checkLinearizable([], "register", options), "budget", "1000"],
  checkSession: [(options) => checkSession([], options), "version", "version"],
  drawHistory: [(options) => drawHistory([], options), "limit", "3"],
  formatHistory: [(options) => formatHistory([], options), "title", 1],
};

for (const [name, [call, known, wrong]] of Object.entries(calls)) {
  test(`${name} refuses an option it does not know, and names those it does`, () => {
    const error = thrownBy(() => call({ tiemout: 10 } as never));
    assertInstanceOf(error, TypeError);
    assert(error.message.includes("tiemout") && error.message.includes(known), error.message);
  });

  test(`${name} refuses what is of another type, at the call`, () => {
    const error = thrownBy(() => call({ [known]: wrong } as never)) as Error;
    assert(error instanceof TypeError || error instanceof RangeError, String(error));
    assert(error.message.includes(String(wrong)), error.message);
  });
}
