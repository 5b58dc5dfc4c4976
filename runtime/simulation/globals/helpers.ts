/**
 * Threads, programs and sockets of messages in a simulation that allows them: what they have been given to do is waited for.
 *
 * @module
 */

import { isThenable } from "../../basics/promises.ts";
import { longestWait } from "../loop/in_flight.ts";
import { localPortOf } from "./fetches.ts";
import { awaitResult, setMember } from "./io_calls.ts";
import { Steps } from "./sockets.ts";
import type { Callable, Wrap } from "./waited_for.ts";

/** By which methods an object is given something to do, by which it is ended, and which events tell of it. */
interface Ways {
  readonly asks: readonly string[];
  readonly tells: readonly string[];
  readonly ends: readonly string[];
  readonly closes: readonly string[];
}

const ways: Readonly<Record<string, Ways>> = {
  Worker: {
    asks: ["postMessage"],
    tells: ["message", "messageerror", "online"],
    ends: ["exit"],
    closes: ["terminate"],
  },
  WebSocket: { asks: ["send", "close"], tells: ["open", "message"], ends: ["close"], closes: [] },
  EventSource: { asks: [], tells: ["open", "message"], ends: [], closes: ["close"] },
  XMLHttpRequest: { asks: ["send"], tells: ["loadend"], ends: [], closes: [] },
};

interface Helper {
  on?(name: string, listener: () => void): unknown;
  addEventListener?(name: string, listener: () => void): unknown;
}

/** A class whose objects are helpers. */
export const helperOf: Wrap = (world, label, own) => {
  const { asks, tells, ends, closes } = ways[label.split(".").at(-1)!]!;
  function make(...args: unknown[]): object {
    const helper = Reflect.construct(own, args, new.target === make ? own : new.target as Callable) as Helper;
    const steps = new Steps(/^wss?:|^https?:/.test(String(args[0])) ? localPortOf(String(args[0])) : undefined);
    // A request of a page begins when it is sent.
    if (asks.includes("send") && tells.includes("loadend")) steps.patience = 0;
    world.flights.add(steps);
    const listen = (name: string, listener: () => void): void => {
      if (typeof helper.on === "function") helper.on(name, listener);
      else helper.addEventListener?.(name, listener);
    };
    for (const name of tells) listen(name, () => steps.tell());
    for (const name of ends) listen(name, () => steps.end());
    listenTo(helper, asks, () => steps.ask());
    listenTo(helper, [...closes, "unref"], () => steps.tell());
    // An emitter takes a listener for somebody who handles the error.
    if (typeof helper.on !== "function") helper.addEventListener?.("error", () => steps.tell());
    return helper;
  }
  make.prototype = own.prototype as unknown;
  return make as unknown as Callable;
};

/** Is told of each call of a method. */
function listenTo(target: object, names: readonly string[], note: () => void): void {
  for (const name of names) {
    const own = Reflect.get(target, name) as unknown;
    if (typeof own !== "function") continue;
    setMember(target, name, (...args: unknown[]): unknown => {
      note();
      return Reflect.apply(own, target, args);
    });
  }
}

/** `child_process.ChildProcess.prototype.spawn`. */
export const spawnOf: Wrap = (world, _label, own) =>
  function (this: ChildProcess, ...args: unknown[]): unknown {
    let isOver = false;
    let isReferenced = true;
    this.once("close", () => isOver = true);
    listenTo(this, ["unref"], () => isReferenced = false);
    const result: unknown = Reflect.apply(own, this, args);
    const outputs = [this.stdout, this.stderr];
    world.flights.add({
      get patience() {
        return isReferenced ? longestWait : 0;
      },
      get signs() {
        return outputs.reduce((sum, output) => sum + (output?.bytesRead ?? 0), 0);
      },
      get isOver() {
        return isOver;
      },
    });
    return result;
  };

interface ChildProcess {
  readonly stdout?: { readonly bytesRead?: number } | null;
  readonly stderr?: { readonly bytesRead?: number } | null;
  once(name: string, listener: () => void): unknown;
}

/** `Bun.spawn`, and `spawn` of a `Deno.Command`. */
export const programOf: Wrap = (world, _label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const program = Reflect.apply(own, this, args) as { exited?: unknown; status?: unknown };
    const ended = program.exited ?? program.status;
    if (isThenable(ended)) {
      const steps = new Steps();
      world.flights.add(steps);
      ended.then(() => steps.end(), () => steps.end());
    }
    return program;
  };

/** What begins only when somebody waits for it: a command of `Bun.$`. */
export const lazyOf: Wrap = (world, label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const promise = Reflect.apply(own, this, args) as PromiseLike<unknown>;
    const then = promise.then;
    let begun: Promise<unknown> | undefined;
    setMember(promise, "then", (...handlers: Parameters<typeof then>): unknown => {
      begun ??= awaitResult(world, label, { then: (...own) => then.apply(promise, own) } as PromiseLike<unknown>, {
        inOrder: false,
      });
      return begun.then(...handlers);
    });
    return promise;
  };

type Handler = (...args: never[]) => unknown;

/** `Deno.serve` and `Bun.serve`: what a handler is at work on is not on its way. */
export const serveOf: Wrap = (world, _label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const { flights } = world;
    const bound: { port?: number | undefined } = {};
    const watched = (handler: Handler): Handler => (...given) => {
      const served = bound.port;
      if (served === undefined) return handler(...given);
      const end = (): void => flights.serve(served, -1);
      flights.serve(served, 1);
      let response: unknown;
      try {
        response = handler(...given);
      } finally {
        if (isThenable(response)) response.then(end, end);
        else end();
      }
      return response;
    };
    for (const [index, argument] of args.entries()) {
      if (typeof argument === "function") args[index] = watched(argument as Handler);
      else if (typeof argument === "object" && argument !== null) {
        const copy = { ...argument } as Record<string, unknown>;
        for (const name of ["handler", "fetch"]) {
          if (typeof copy[name] === "function") copy[name] = watched(copy[name] as Handler);
        }
        args[index] = copy;
      }
    }
    const server = Reflect.apply(own, this, args) as { port?: number; addr?: { port?: number } };
    bound.port = server.port ?? server.addr?.port;
    if (bound.port !== undefined) flights.served.set(bound.port, 0);
    return server;
  };

/** `Deno.connect` and its like: an answer is expected after each write. */
export const connectionOf: Wrap = (world, label, own) =>
  async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    const connection = await awaitResult(world, label, Reflect.apply(own, this, args) as PromiseLike<object>, {
      inOrder: false,
    });
    const steps = new Steps();
    steps.tell();
    world.flights.add(steps);
    listenTo(connection, ["write"], () => steps.ask());
    listenTo(connection, ["close", "end", "terminate"], () => steps.end());
    const { read } = connection as { read?: (...args: unknown[]) => PromiseLike<unknown> };
    if (read !== undefined) {
      setMember(connection, "read", async (...given: unknown[]) => {
        const result = await read.apply(connection, given);
        steps.tell();
        return result;
      });
    }
    return connection;
  };
