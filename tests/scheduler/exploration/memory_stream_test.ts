import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  explore,
  type ExploreReport,
  memoryStream,
  type MemoryStreamOptions,
  ScheduleFailure,
  simulate,
  type Simulation,
} from "../../../testing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** The pieces in which texts come, over all schedules. */
async function piecesOf(texts: readonly string[], options: MemoryStreamOptions): Promise<string[]> {
  const found = new Set<string>();
  await explore(async (sim) => {
    const { readable, writable } = memoryStream(sim, options);
    const writing = (async () => {
      const writer = writable.getWriter();
      for (const text of texts) await writer.write(bytes(text));
      await writer.close();
    })();
    const pieces: string[] = [];
    const reader = readable.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      pieces.push(new TextDecoder().decode(read.value));
    }
    await writing;
    found.add(pieces.join("|"));
  });
  return [...found].sort();
}

test("where a chunk is cut is kept, everywhere, or chosen by the schedule; the order of the bytes never is", async () => {
  assertEquals(await piecesOf(["abc", "d"], { pieces: "kept" }), ["abc|d"]);
  assertEquals(await piecesOf(["abc", "d"], { pieces: "bytes" }), ["a|b|c|d"]);
  assertEquals(
    await piecesOf(["abcd", "e"], { pieces: "chosen" }),
    ["abcd|e", "abc|d|e", "ab|cd|e", "ab|c|d|e", "a|bcd|e", "a|bc|d|e", "a|b|cd|e", "a|b|c|d|e"].sort(),
  );
});

/** What an exploration says that reads a chunk whose pieces are chosen, or what it fails with. */
function readInPieces(text: string, check: (pieces: readonly string[]) => void, options = {}): Promise<ExploreReport> {
  return explore(async (sim) => {
    const { readable, writable } = memoryStream(sim, { pieces: "chosen" });
    const writer = writable.getWriter();
    const writing = writer.write(bytes(text)).then(() => writer.close());
    const pieces: string[] = [];
    for await (const piece of readable) pieces.push(new TextDecoder().decode(piece));
    await writing;
    check(pieces);
  }, options);
}

test("a reader that decodes each piece alone is found by a cut in a character, in chunks of any length", async () => {
  for (const length of [0, 50, 10_000]) {
    const text = `${"x".repeat(length)}caffè!${"y".repeat(length)}`;
    const failure = await readInPieces(text, (pieces) => assertEquals(pieces.join(""), text)).catch((error) => error);
    assert(failure instanceof ScheduleFailure);
    assertEquals(failure.schedule, [`the first ${length + 5} of the bytes of stream come alone`]);
    const again = await readInPieces(text, (pieces) => assertEquals(pieces.join(""), text), { replay: failure.token })
      .catch((error) => error);
    assertEquals([again.token, again.schedules], [failure.token, 1]);
  }
});

test("cuts between CR and LF and at delimiters are tried in long chunks, and the guarantee says that not all were", async () => {
  const firsts = new Set<string>();
  const text = `${"x".repeat(500)}\r\n${"y".repeat(500)},${"z".repeat(500)}`;
  const report = await readInPieces(text, ([first]) => firsts.add(first!), { maxSchedules: 60 });
  for (const at of [500, 501, 502, 1002, 1003]) assert(firsts.has(text.slice(0, at)), `${at}`);
  assertEquals(report.exhaustive, false);
  assert(!/\ball\b/.test(report.guarantee), report.guarantee);
  assert(report.guarantee.includes("not everywhere"), report.guarantee);
});

test("a chunk of 64 bytes is cut at each of its 63 places", async () => {
  const firsts = new Set<number>();
  await readInPieces("0".repeat(64), ([first]) => firsts.add(first!.length), { maxSchedules: 70 });
  assertEquals(firsts.size, 64);
});

test("a write waits while the buffer is full; in lockstep until somebody reads", async () => {
  for (const buffer of [0, 1, 3]) {
    await simulate(async (sim) => {
      const { readable, writable } = memoryStream(sim, { buffer });
      const writer = writable.getWriter();
      let written = 0;
      const writing = (async () => {
        for (; written < 6; written++) await writer.write(bytes("x"));
        await writer.close();
      })();
      await sim.allBlocked();
      assertEquals(written, buffer);
      const reader = readable.getReader();
      await reader.read();
      await sim.allBlocked();
      assertEquals(written, buffer + 1);
      while (!(await reader.read()).done);
      await writing;
    });
  }
});

/** A stream, with its ends taken. */
function ends(sim: Simulation, options?: MemoryStreamOptions) {
  const { readable, writable } = memoryStream(sim, options);
  return { reader: readable.getReader(), writer: writable.getWriter() };
}

test("an error after the end changes nothing, and the stream closes once", async () => {
  await simulate(async (sim) => {
    const { reader, writer } = ends(sim);
    let closed = 0;
    void reader.closed.then(() => closed++);
    await writer.close();
    await writer.abort(new Error("too late"));
    assertEquals(await reader.read(), { done: true, value: undefined });
    assertEquals(closed, 1);
  });
});

test("an abort reaches the reader, though a write waits for it; a reader that goes away fails the write", async () => {
  await simulate(async (sim) => {
    const { reader, writer } = ends(sim, { buffer: 0 });
    const writing = writer.write(bytes("x")).catch((error) => error);
    writer.closed.catch(() => {});
    await sim.allBlocked();
    await writer.abort(new RangeError("mine"));
    assert((await writing) instanceof RangeError);
    await assertRejects(() => reader.read(), RangeError, "mine");
  });
  await simulate(async (sim) => {
    const { reader, writer } = ends(sim, { buffer: 0, label: "upload" });
    writer.closed.catch(() => {});
    const writing = assertRejects(() => writer.write(bytes("x")), Error, 'reader of "upload" has gone');
    await sim.allBlocked();
    await reader.cancel();
    await writing;
  });
});

test("streams may pass each other, chunks of one never", async () => {
  const orders = new Set<string>();
  await explore(async (sim) => {
    const order: string[] = [];
    await Promise.all(["a", "b"].map(async (name) => {
      const { reader, writer } = ends(sim, { label: name, buffer: 2 });
      for (const number of [1, 2]) void writer.write(bytes(`${name}${number}`));
      for (let read = 0; read < 2; read++) order.push(new TextDecoder().decode((await reader.read()).value));
    }));
    orders.add(order.join(" "));
  });
  assertEquals(orders.size, 6);
  for (const order of orders) {
    assert(order.indexOf("a1") < order.indexOf("a2") && order.indexOf("b1") < order.indexOf("b2"));
  }
});

test("operations of one stream complete in their order, with latencies too", async () => {
  for (const latency of [{}, { latency: 5 }]) {
    const orders = new Set<string>();
    const { schedules } = await explore(async (sim) => {
      const order: string[] = [];
      await Promise.all(
        ["a1", "a2", "b1"].map((name) => sim.io(name, { stream: name[0]!, ...latency }).then(() => order.push(name))),
      );
      orders.add(order.join(" "));
    });
    assertEquals([[...orders].sort(), schedules], [["a1 a2 b1", "a1 b1 a2", "b1 a1 a2"], 3]);
  }
});

test("wrong arguments throw at the call, chunks of another kind fail the write", async () => {
  await simulate(async (sim) => {
    assertThrows(() => memoryStream({} as Simulation), TypeError, "simulation");
    assertThrows(() => memoryStream(sim, { pieces: "small" as "kept" }), TypeError, "small");
    assertThrows(() => memoryStream(sim, { buffer: -1 }), RangeError, "-1");
    assertThrows(() => void sim.io("x", { stream: 1 as unknown as string }), TypeError, "1");
    const { reader, writer } = ends(sim);
    writer.closed.catch(() => {});
    await assertRejects(() => writer.write("text" as unknown as Uint8Array), TypeError, "text");
    await assertRejects(() => reader.read(), TypeError);
  });
});
