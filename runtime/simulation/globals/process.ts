/**
 * `process` as the program of a simulated machine sees it.
 *
 * @module
 */

import type { World } from "../loop/world.ts";
import type { Member } from "./clock.ts";

/** `listener` is the one that somebody has given, of one that is called once. */
type Listener = ((...args: unknown[]) => void) & { listener?: Listener };

/** The program that runs. */
interface Program {
  readonly environment: Record<string, string | undefined>;
  readonly listeners: Map<string, Set<Listener>>;
  exit(code: number): never;
}

/** A world with machines. */
interface ProcessWorld extends World {
  /** The program whose flow of control it is; `undefined` for the body. */
  readonly life: Program | undefined;
}

interface Process {
  readonly [name: string]: unknown;
}

/** The functions of `process`: in the body they are the host's own. */
export function membersOfProcess(world: ProcessWorld): Member[] {
  const { process, Deno } = globalThis as unknown as { process?: Process; Deno?: Process };
  const members: Member[] = [];
  if (typeof process?.["exit"] === "function") {
    members.push(...membersOf(world, process, ["exit", "reallyExit"], exitOf));
    members.push(...membersOf(world, process, ["on", "addListener", "once"], listenOf));
    members.push(...membersOf(world, process, ["off", "removeListener"], unlistenOf));
  }
  if (Deno !== undefined) members.push(...membersOf(world, Deno, ["exit"], exitOf));
  return members;
}

/** What `process.env` is: of each program its own, and of the body that of the host. */
export function environmentOf(world: ProcessWorld): () => unknown {
  const own = (globalThis as unknown as { process?: Process }).process?.["env"];
  return () => world.life?.environment ?? own;
}

type Make = (program: Program, name: string) => Listener;

/** Functions that are `make`'s in a program, and the host's own in the body. */
function membersOf(world: ProcessWorld, target: Process, names: readonly string[], make: Make): Member[] {
  return names.filter((name) => typeof target[name] === "function").map((name) => {
    const own = target[name] as Listener;
    const value = function (this: unknown, ...args: unknown[]): unknown {
      const { life: program } = world;
      return Reflect.apply(program === undefined ? own : make(program, name), this, args);
    };
    return { target, name, value };
  });
}

function exitOf(program: Program): Listener {
  return (code) => program.exit(Number(code ?? 0));
}

function listenOf({ listeners }: Program, how: string): Listener {
  return function (this: unknown, event, listener) {
    const own = listeners.get(String(event)) ?? new Set();
    listeners.set(String(event), own);
    const told = listener as Listener;
    if (how !== "once") own.add(told);
    else {
      const once: Listener = function (this: unknown, ...args) {
        own.delete(once);
        Reflect.apply(told, this, args);
      };
      once.listener = told;
      own.add(once);
    }
    return this as never;
  };
}

function unlistenOf({ listeners }: Program): Listener {
  return function (this: unknown, event, listener) {
    const own = listeners.get(String(event)) ?? new Set();
    for (const each of own) if (each === listener || each.listener === listener) own.delete(each);
    return this as never;
  };
}
