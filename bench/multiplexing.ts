/**
 * What it costs to learn which of many descriptors are ready: `select` and `poll` go through all of them, `epoll` and `io_uring` tell those
 * that are. Each by the runtime's own way to call C.
 */

import process from "node:process";
import { EDGE, Epoll, READ } from "../examples/event-loop/poller/epoll.ts";
import { call, close, elsewhere, eventFd, isLinux, O_NONBLOCK, write } from "../examples/event-loop/poller/libc.ts";
import { hostOfThis } from "../tests/support/hosts.ts";
import { quantile } from "./bugs_statistics.ts";
import type { Bench, ReportOptions } from "./harness.ts";
import { costPlot } from "./multiplexing_plot.ts";
import { Ring } from "./multiplexing_ring.ts";
import { writePicture } from "./plot.ts";

const sizes = [100, 1000, 10_000];
/** How many are ready, where not all are. */
const few = 100;
const rounds = 7;
/** How long the calls of a round take together, in us of CPU time. */
const roundTime = 40_000;

/** What a way of waiting costs. */
export interface Cost {
  readonly way: string;
  readonly descriptors: number;
  readonly ready: number;
  /** CPU time of one wait, in us: the median of the rounds. */
  readonly cpu: number;
}

/** A way of waiting over these descriptors; a call answers how many were ready. */
interface Way {
  wait(): number;
  close(): void;
}

const ways: Readonly<Record<string, (fds: readonly number[], ready: readonly number[]) => Way | undefined>> = {
  select: bySelect,
  poll: byPoll,
  epoll: (fds) => byEpoll(fds, READ),
  io_uring: byRing,
};

export const bench: Bench = {
  name: "multiplexing",
  claim:
    "of 10,000 descriptors 100 are ready: epoll costs a twentieth of poll and select at most, and as much as of 100",
  unit: "us CPU/wait",
  target: undefined,
  cases: () => [],
  report,
};

// deno-lint-ignore require-await -- what it throws is a rejection.
async function report({ plot, json }: ReportOptions): Promise<void> {
  if (!isLinux) return console.log(elsewhere);
  raiseLimit();
  const costs: Cost[] = [];
  const absent: string[] = [];
  for (const descriptors of sizes) {
    for (const ready of new Set([few, descriptors])) {
      const { fds, active } = open(descriptors, ready);
      for (const [way, make] of Object.entries(ways)) {
        const made = make(fds, active);
        if (made === undefined) absent.push(way);
        else costs.push({ way, descriptors, ready, cpu: costOf(made, ready) });
        made?.close();
      }
      for (const fd of fds) close(fd);
    }
  }
  const told = edges();
  if (json) return console.log(JSON.stringify({ host: hostOfThis(), bench: bench.name, costs, told }));
  print(costs, told);
  for (const way of new Set(absent)) console.log(`  ${way}: this kernel has none, or lets nobody use it`);
  const picture = costPlot(costs.filter(({ ready }) => ready === few), `${few} ready, on ${hostOfThis()}`);
  const file = writePicture(plot, `multiplexing-${hostOfThis()}`, picture);
  console.log(`\n  plot: ${file}`);
}

/** Descriptors, some of which are ready, with the same distance between them. */
function open(descriptors: number, ready: number): { fds: number[]; active: number[] } {
  const fds = Array.from({ length: descriptors }, () => eventFd(0, O_NONBLOCK));
  if (fds.some((fd) => fd < 0)) throw new Error(`There are not ${descriptors} descriptors to be had`);
  const active = fds.filter((_, index) => index % (descriptors / ready) === 0);
  for (const fd of active) write(fd, new BigInt64Array([1n]), 8);
  return { fds, active };
}

function costOf({ wait }: Way, ready: number): number {
  const told = wait();
  if (told !== ready) throw new Error(`${told} descriptors were told, where ${ready} were ready`);
  let count = 1;
  for (let taken = 0; taken < roundTime; taken = timeOf(wait, count)) count *= 2;
  return quantile(Array.from({ length: rounds }, () => timeOf(wait, count) / count), 0.5);
}

/** CPU time of so many calls, in us. */
function timeOf(wait: () => number, count: number): number {
  const before = process.cpuUsage();
  for (let call = 0; call < count; call++) wait();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The set is as large as the largest descriptor wants it; C's own `fd_set` ends at 1,024, and beyond it programs crash. */
function bySelect(fds: readonly number[]): Way {
  const highest = fds.reduce((highest, fd) => Math.max(highest, fd), 0);
  const wanted = new Uint8Array(Math.ceil((highest + 1) / 64) * 8);
  for (const fd of fds) wanted[fd >> 3]! |= 1 << (fd & 7);
  const set = new Uint8Array(wanted.length);
  const noTime = new BigInt64Array(2);
  const wait = () => {
    // The kernel has written over it.
    set.set(wanted);
    const count = call("int select(int, buffer, buffer, buffer, buffer)", highest + 1, set, null, null, noTime);
    let told = 0;
    for (const fd of fds) if (set[fd >> 3]! & 1 << (fd & 7)) told++;
    return told === count ? told : -1;
  };
  return { wait, close() {} };
}

function byPoll(fds: readonly number[]): Way {
  // A `struct pollfd`: the descriptor, and two shorts for what is wanted and what is so.
  const list = new Int32Array(fds.flatMap((fd) => [fd, READ]));
  const wait = () => {
    const count = call("int poll(buffer, u64, int)", list, fds.length, 0);
    let told = 0;
    for (let at = 1; at < list.length; at += 2) if (list[at]! >> 16 !== 0) told++;
    return told === count ? told : -1;
  };
  return { wait, close() {} };
}

function byEpoll(fds: readonly number[], events: number): Way {
  const epoll = new Epoll(fds.length);
  for (const fd of fds) epoll.watch(fd, events);
  let sum = 0;
  const wait = () => epoll.wait(0, (fd) => sum += fd);
  return { wait, close: () => epoll.close() };
}

/** What has been told is armed again, as `epoll` does by itself. */
function byRing(fds: readonly number[], ready: readonly number[]): Way | undefined {
  const ring = Ring.open(fds.length);
  if (ring === undefined) return undefined;
  let armed = fds;
  const wait = () => (armed = ring.wait(armed, ready.length)).length;
  return { wait, close: () => ring.close() };
}

/** How many descriptors are told by each of three waits that follow one another: level and edge. */
function edges(): { level: number[]; edge: number[] } {
  const { fds } = open(few, few);
  const [level, edge] = [READ, READ | EDGE].map((events) => {
    const { wait, close } = byEpoll(fds, events);
    const told = [wait(), wait(), wait()];
    close();
    return told;
  });
  for (const fd of fds) close(fd);
  return { level: level!, edge: edge! };
}

/** Lets this process have as many descriptors as it may. */
function raiseLimit(): void {
  const NOFILE = 7;
  const limit = new BigUint64Array(2);
  call("int getrlimit(int, buffer)", NOFILE, limit);
  limit[0] = limit[1]!;
  call("int setrlimit(int, buffer)", NOFILE, limit);
}

function print(costs: readonly Cost[], { level, edge }: { level: number[]; edge: number[] }): void {
  console.log(`\n${bench.name} on ${hostOfThis()}: ${bench.claim}`);
  const columns = sizes.flatMap((descriptors) =>
    [...new Set([few, descriptors])].map((ready) => ({ descriptors, ready, title: `${ready} of ${descriptors}` }))
  );
  console.log(`  ${"us CPU a wait".padEnd(14)}${columns.map(({ title }) => title.padStart(16)).join("")}`);
  const at = (way: string, descriptors: number, ready: number) =>
    costs.find((each) => each.way === way && each.descriptors === descriptors && each.ready === ready)?.cpu;
  for (const way of Object.keys(ways)) {
    const cells = columns.map(({ descriptors, ready }) => at(way, descriptors, ready)?.toFixed(1) ?? "-");
    console.log(`  ${way.padEnd(14)}${cells.map((cell) => cell.padStart(16)).join("")}`);
  }
  const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)];
  const epoll = at("epoll", largest, few)!;
  for (const way of ["select", "poll"]) {
    console.log(
      `  ${way} costs ${(at(way, largest, few)! / epoll).toFixed(0)} x as much as epoll, for ${few} of ${largest}`,
    );
  }
  console.log(
    `  epoll for ${few} of ${largest} costs ${
      (epoll / at("epoll", smallest, few)!).toFixed(2)
    } x as much as of ${smallest}`,
  );
  console.log(`  told by three waits in a row: level ${level.join(", ")}; edge ${edge.join(", ")}`);
}
