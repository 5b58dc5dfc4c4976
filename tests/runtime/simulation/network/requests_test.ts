/** Requests between simulated machines. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type RequestContext, serve } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { simulate } from "../../../../testing.ts";

type Handler = (request: Request, context: RequestContext) => Response | Promise<Response>;

function serving(handler: Handler) {
  return () => serve(handler, { port: 80, onError: () => {} });
}

/** The code of the cause of what a fetch rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await assertRejects(() => promise, TypeError);
  return (error.cause as { code?: string } | undefined)?.code;
}

test("a handler knows the address of its client's machine, by which that is reached too", async () => {
  await simulate(async (sim) => {
    sim.machine("a", serving((_request, { remoteAddress }) => new Response(remoteAddress)));
    const seen: string[] = [];
    sim.machine("b", async () => {
      await sleep(10);
      for (const host of ["a", "10.0.0.1"]) seen.push(await (await fetch(`http://${host}/`)).text());
    });
    sim.machine("c", async () => {
      await serving((_request, { remoteAddress }) => new Response(remoteAddress))();
      seen.push(await (await fetch("http://localhost/")).text());
    });
    await sleep(100);
    assertEquals(seen, ["127.0.0.1", "10.0.0.2", "10.0.0.2"]);
  });
});

test("a request is one passage there and one back, and knows where its answer is from", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    sim.machine("a", serving((request) => new Response(request.url)));
    await sleep(10);
    const began = sim.now();
    const response = await fetch("http://a/path?q=1#part");
    assertEquals(sim.now() - began, 20);
    assertEquals([response.url, response.redirected], ["http://a/path?q=1", false]);
    assertEquals(await response.text(), "http://a/path?q=1");
  });
});

test("a redirect leads to another machine, without what was only for the first", async () => {
  await simulate(async (sim) => {
    sim.machine("a", serving(() => new Response(null, { status: 307, headers: { location: "http://b/end" } })));
    sim.machine(
      "b",
      serving(async (request) => {
        const { headers } = request;
        return Response.json([await request.text(), headers.get("x-own"), headers.get("authorization")]);
      }),
    );
    await sleep(10);
    const headers = { "x-own": "1", authorization: "secret" };
    const response = await fetch("http://a/", { method: "POST", body: "text", headers });
    assertEquals([response.url, response.redirected], ["http://b/end", true]);
    assertEquals(await response.json(), ["text", "1", null]);
  });
});

/** A stream that notes how many pieces were asked for, and how it was cancelled. */
function counted(size: number): { stream: ReadableStream<Uint8Array>; pieces(): number; reason(): unknown } {
  let count = 0;
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(1);
      count++;
      controller.enqueue(new Uint8Array(size));
    },
    cancel: (reason) => void (cancelled = reason ?? "cancelled"),
  });
  return { stream, pieces: () => count, reason: () => cancelled };
}

test("a body that streams comes as it is made, and no faster than it is read", async () => {
  await simulate(async (sim) => {
    const { stream, pieces, reason } = counted(10_000);
    let got = 0;
    sim.machine(
      "a",
      serving(async (request) => {
        const reader = request.body!.getReader();
        got += (await reader.read()).value!.length;
        await sleep(1000);
        for (let count = 0; count < 20; count++) got += (await reader.read()).value!.length;
        return new Response("enough");
      }),
    );
    await sleep(10);
    const answer = fetch("http://a/", { method: "POST", body: stream, duplex: "half" } as RequestInit);
    await sleep(500);
    assertEquals(got, 10_000);
    assert(pieces() < 12, `${pieces()} pieces`);
    assertEquals(await (await answer).text(), "enough");
    await sleep(100);
    assertEquals(got, 210_000);
    assert(reason() !== undefined);
  });
});

test("an answer that streams comes as it is made, and no faster than it is read", async () => {
  await simulate(async (sim) => {
    const { stream, pieces, reason } = counted(10_000);
    sim.machine("a", serving(() => new Response(stream)));
    await sleep(10);
    const reader = (await fetch("http://a/")).body!.getReader();
    await sleep(1000);
    assert(pieces() < 12, `${pieces()} pieces`);
    for (let count = 0; count < 30; count++) assertEquals((await reader.read()).value!.length, 10_000);
    await reader.cancel("enough");
    await sleep(100);
    assert(pieces() >= 30 && reason() !== undefined);
  });
});

test("a client that is killed while it sends is a client that has left", async () => {
  await simulate(async (sim) => {
    let failure = "";
    sim.machine(
      "a",
      serving(async (request) => {
        await request.arrayBuffer().catch((error) => failure = error.name);
        return new Response("late");
      }),
    );
    const client = sim.machine("b", async () => {
      await sleep(10);
      const { stream } = counted(10);
      await fetch("http://a/", { method: "POST", body: stream, duplex: "half" } as RequestInit);
    });
    await sleep(100);
    client.kill();
    await sleep(100);
    assert(failure !== "");
  });
});

test("a server that is killed resets its answers, before and within their bodies", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    const server = sim.machine(
      "a",
      serving(async (request) => {
        if (request.url.endsWith("/stream")) return new Response(counted(10).stream);
        await sleep(1000);
        return new Response();
      }),
    );
    await sleep(10);
    const waiting = codeOf(fetch("http://a/"));
    const response = await fetch("http://a/stream");
    const reading = codeOf(response.arrayBuffer());
    await sleep(100);
    server.kill();
    const began = sim.now();
    assertEquals([await waiting, await reading], ["ECONNRESET", "ECONNRESET"]);
    assertEquals(sim.now() - began, 10);
  });
});

test("a server that stops ends its requests first, and takes no new ones", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", async ({ signal }) => {
      const server = await serving(async () => {
        await sleep(500);
        return new Response("done");
      })();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await server.drain();
    });
    await sleep(10);
    const answer = fetch("http://a/");
    await sleep(100);
    const stopped = machine.stop();
    await sleep(100);
    const late = await fetch("http://a/").then(({ status }) => status, (error) => error.cause.code);
    assert(late === 503 || late === "ECONNREFUSED", String(late));
    assertEquals(await (await answer).text(), "done");
    await stopped;
    assertEquals(machine.state, "exited");
  });
});

test("resets of the network, and half-open connections, reach requests between machines", async () => {
  await simulate(async (sim) => {
    sim.machine(
      "a",
      serving(async () => {
        await sleep(100);
        return new Response("late");
      }),
    );
    await sleep(10);
    const first = codeOf(fetch("http://a/"));
    await sleep(10);
    sim.network.reset();
    assertEquals(await first, "ECONNRESET");
    const second = fetch("http://a/");
    await sleep(10);
    sim.network.halfOpen();
    assertEquals(await Promise.race([second, sleep(10_000).then(() => "silence")]), "silence");
    assertEquals(await (await fetch("http://a/")).text(), "late");
  });
});

test("what a program does to a request or an answer after it has sent it is not seen on the other side", async () => {
  await simulate(async (sim) => {
    const bytes = new Uint8Array([1, 2, 3]);
    sim.network.latency = 10;
    sim.machine(
      "a",
      serving(async (request) => {
        const body = new Uint8Array(await request.arrayBuffer());
        const answer = new Uint8Array([...body, 4]);
        setTimeout(() => answer.fill(9), 1);
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(answer);
              controller.close();
            },
          }),
        );
      }),
    );
    await sleep(10);
    const headers = new Headers({ "x-own": "1" });
    const answer = fetch("http://a/", { method: "POST", body: bytes, headers });
    bytes.fill(9);
    headers.set("x-own", "2");
    assertEquals([...new Uint8Array(await (await answer).arrayBuffer())], [1, 2, 3, 4]);
  });
});

test("a program that has ended asks and answers nothing more, be it in the turn in which it ended itself", async () => {
  await simulate(async (sim) => {
    const got: string[] = [];
    sim.machine(
      "a",
      serving((request) => {
        got.push(new URL(request.url).pathname);
        return new Response();
      }),
    );
    const ended = sim.machine(
      "b",
      serving(() => {
        ended.kill();
        return new Response("too late");
      }),
    );
    await sleep(10);
    const client = sim.machine("c", async () => {
      await fetch("http://a/before");
      client.kill();
      void fetch("http://a/after").then(() => got.push("answered"), () => got.push("failed"));
      void connect({ hostname: "a", port: 80 }).then(() => got.push("connected"), () => got.push("refused"));
    });
    assertEquals(await codeOf(fetch("http://b/")), "ECONNRESET");
    await sleep(1000);
    assertEquals(got, ["/before"]);
  });
});
