/** The event loop on epoll, and the example that serves with it: on Linux alone there is such a thing. */

import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { EDGE, Epoll, READ } from "../../../examples/event-loop/poller/epoll.ts";
import {
  close,
  elsewhere,
  eventFd,
  isLinux,
  O_NONBLOCK,
  read,
  write,
} from "../../../examples/event-loop/poller/libc.ts";
import { makeWaker, SimpleEventLoop, wake } from "../../../examples/event-loop/poller/simple_event_loop.ts";
import { run } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";

const one = new BigInt64Array([1n]);
const skip = isLinux ? false : "epoll is Linux's";

/** A descriptor that is ready for reading once it is written to. */
function descriptor(): number {
  return eventFd(0, O_NONBLOCK);
}

/** Runs a loop that `begin` sets up, and answers with what was logged. */
function logOf(begin: (loop: SimpleEventLoop, log: (entry: string) => void) => void): string[] {
  const loop = new SimpleEventLoop();
  const entries: string[] = [];
  begin(loop, (entry) => void entries.push(entry));
  loop.runForever();
  return entries;
}

test("an echo server on the loop answers every client, and leaves no descriptor behind", { skip }, async () => {
  const { stdout: output, stderr, code } = await run(join(root, "examples/event-loop/poller/main.ts"), ["20"]);
  assertEquals(code, 0, stderr);
  assert(output.includes("20 clients at once, 20 right answers, 150 bytes"), output);
  assert(/woken after \d+ us/.test(output), output);
  assert(output.includes("descriptors left behind: 0"), output);
});

test("timers come in the order of their times, and one that is taken back does not", { skip }, () => {
  const entries = logOf((loop, log) => {
    for (const ms of [20, 5, 15, 10, 0]) loop.callLater(ms, () => log(`${ms}`));
    loop.callLater(7, () => log("never"))();
    loop.callLater(25, () => loop.stop());
  });
  assertEquals(entries, ["0", "5", "10", "15", "20"]);
});

test("a callback that calls itself soon again and again starves no timer", { skip }, () => {
  const entries = logOf((loop, log) => {
    const again = () => loop.callSoon(again);
    again();
    loop.callLater(5, () => {
      log("timer");
      loop.stop();
    });
  });
  assertEquals(entries, ["timer"]);
});

test("a reader is called for as long as there is something to read, a writer while there is room", { skip }, () => {
  const fd = descriptor();
  const entries = logOf((loop, log) => {
    write(fd, one, 8);
    let calls = 0;
    loop.addWriter(fd, () => {
      log("writer");
      loop.removeWriter(fd);
    });
    loop.addReader(fd, () => {
      log("reader");
      if (++calls < 3) return;
      read(fd, new BigInt64Array(1), 8);
      loop.callLater(5, () => loop.stop());
    });
  });
  assertEquals(entries.filter((entry) => entry === "reader").length, 3);
  assertEquals(entries.filter((entry) => entry === "writer").length, 1);
  close(fd);
});

test("a callback may take out a descriptor that is ready too", { skip }, () => {
  const [first, second] = [descriptor(), descriptor()];
  const entries = logOf((loop, log) => {
    for (const fd of [first, second]) {
      write(fd, one, 8);
      loop.addReader(fd, () => {
        log("called");
        loop.removeReader(first);
        loop.removeReader(second);
        loop.callSoon(() => loop.stop());
      });
    }
  });
  assertEquals(entries, ["called"]);
  close(first);
  close(second);
});

test("signals that came while the loop waited are told one by one, and 0 stops it", { skip }, () => {
  const waker = makeWaker();
  const loop = new SimpleEventLoop(waker);
  let signals = 0;
  loop.addSignalHandler(10, () => signals++);
  wake(waker, 10);
  wake(waker, 10);
  wake(waker, 0);
  loop.runForever();
  assertEquals(signals, 2);
});

test("what stays ready is told again by level, and once by edge", { skip }, () => {
  const fd = descriptor();
  write(fd, one, 8);
  const told = [READ, READ | EDGE].map((events) => {
    const epoll = new Epoll();
    epoll.watch(fd, events);
    const counts = [1, 2, 3].map(() => epoll.wait(0, () => {}));
    epoll.close();
    return counts;
  });
  assertEquals(told, [[1, 1, 1], [1, 0, 0]]);
  close(fd);
});

test("a descriptor that is closed leaves the set without a word, and its number may be another's", { skip }, () => {
  const epoll = new Epoll();
  const fd = descriptor();
  write(fd, one, 8);
  epoll.watch(fd, READ);
  close(fd);
  const other = descriptor();
  assertEquals(other, fd);
  write(other, one, 8);
  assertEquals(epoll.wait(0, () => {}), 0);
  close(other);
  epoll.close();
});

test("on another system the example says so, and calls nothing", async () => {
  const { stdout, stderr, code } = await run(join(root, "tests/examples/event_loop/elsewhere.ts"));
  assertEquals([code, stdout.trim()], [0, elsewhere], stderr);
});
