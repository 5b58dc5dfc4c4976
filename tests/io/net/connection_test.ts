import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelScope, sleep, StructureError } from "../../../mod.ts";
import type { Connection } from "../../../io/mod.ts";
import { latch } from "../../support/latch.ts";
import { connectRaw, pair, text } from "../../support/net.ts";
import { strayRejections } from "../../support/stray.ts";

async function whole(connection: Connection): Promise<number> {
  let length = 0;
  for await (const chunk of connection) length += chunk.byteLength;
  return length;
}

test("bytes go both ways, and each half ends by itself", async () => {
  await pair(async (a, b) => {
    await a.write("ping");
    assertEquals(text(await b.read()), "ping");
    a.end();
    assertEquals(await b.read(), undefined);
    await b.write(new TextEncoder().encode("pong"));
    b.end();
    assertEquals(text(await a.read()), "pong");
    assertEquals(await a.read(), undefined);
    await Promise.all([a.closed, b.closed]);
    await assertRejects(() => a.write("more"), Error);
  });
});

test("a write waits while the other side does not read", async () => {
  await pair(async (a, b) => {
    let written = 0;
    const chunk = new Uint8Array(1_000_000);
    const writing = (async () => {
      for (let round = 0; round < 30; round++) {
        await a.write(chunk);
        written++;
      }
      a.end();
    })();
    await sleep(50);
    assert(written < 30, "nothing held the writer up");
    assertEquals(await whole(b), 30_000_000);
    await writing;
  });
});

test("a cancelled read loses no byte, and two readers at once are an error", async () => {
  await pair(async (a, b) => {
    const scope = new CancelScope();
    await scope.run(() => {
      const reading = b.read();
      scope.cancel();
      return reading;
    });
    assert(scope.cancelCaught);
    await a.write("kept");
    assertEquals(text(await b.read()), "kept");
    const first = b.read();
    await assertRejects(() => b.read(), StructureError);
    await a.write("first");
    assertEquals(text(await first), "first");
  });
});

test("end waits until all that was written is taken, so that close drops none of it", async () => {
  await pair(async (a, b) => {
    void a.write(new Uint8Array(5_000_000));
    const ended = a.end();
    const read = whole(b);
    await ended;
    await a.end();
    a.close();
    assertEquals(await read, 5_000_000);
    await a.end();
  });
});

test("end is cancelled by its scope; unawaited on a broken connection it is no stray rejection", async () => {
  await pair(async (a) => {
    void a.write(new Uint8Array(30_000_000)).catch(() => {});
    const scope = new CancelScope();
    await scope.run(() => {
      const ended = a.end();
      scope.cancel();
      return ended;
    });
    assert(scope.cancelCaught);
    const stray = await strayRejections(async () => {
      void a.end();
      a.close();
      await a.closed;
      void a.end();
    });
    assertEquals(stray, []);
  });
});

test("without half-open the other side's end ends ours when all is sent", async () => {
  await pair(async (a, b) => {
    await b.write("last words");
    // Deno 2.9 fails a write with EPIPE if the other side of it, in the same process, ends its half before the loop has gone on.
    assertEquals(text(await a.read()), "last words");
    void a.end();
    assertEquals(await b.read(), undefined);
    assertEquals(await a.read(), undefined);
    await Promise.all([a.closed, b.closed]);
  }, { allowHalfOpen: false });
});

test("a reset while reading rejects with ECONNRESET, and so does every read after it", async () => {
  const { connection, raw, close } = await connectRaw();
  const reading = connection.read();
  raw.resetAndDestroy();
  for (const read of [() => reading, () => connection.read()]) {
    const error = await assertRejects(read, Error);
    assertEquals((error as { code?: string }).code, "ECONNRESET");
  }
  await connection.closed;
  await close();
});

test("a reset while a write waits rejects it with the system's code", async () => {
  const { connection, raw, close } = await connectRaw();
  const writing = connection.write(new Uint8Array(30_000_000));
  const reading = connection.read().catch(() => {});
  raw.resetAndDestroy();
  const error = await assertRejects(() => writing, Error) as { code?: string };
  assert(error.code === "ECONNRESET" || error.code === "EPIPE", String(error.code));
  await reading;
  await connection.closed;
  await close();
});

test("closing ends a read and a write that wait", async () => {
  await pair(async (a) => {
    const reading = a.read();
    const writing = a.write(new Uint8Array(30_000_000));
    a.close();
    assertEquals(await reading, undefined);
    const error = await assertRejects(() => writing, Error);
    assertEquals((error as { code?: string }).code, "EPIPE");
    a.close();
    await a[Symbol.asyncDispose]();
  });
});

test("leaving the loop over a connection closes it; reading to its end leaves its other half open", async () => {
  await pair(async (a, b) => {
    await a.write("x");
    for await (const chunk of b) {
      assertEquals(text(chunk), "x");
      break;
    }
    await b.closed;
  });
  await pair(async (a, b) => {
    const told = latch();
    a.end();
    for await (const _ of b) told.fail(new Error("a chunk"));
    await b.write("still open");
    assertEquals(text(await a.read()), "still open");
  });
});
