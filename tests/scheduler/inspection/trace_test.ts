import diagnostics from "node:diagnostics_channel";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { Channel, checkpoint, group, sleep, startTrace, type Trace } from "../../../mod.ts";
import { serve } from "../../../io/mod.ts";
import { thisHost } from "../../support/this_host.ts";

interface FormatEvent {
  readonly ph: string;
  readonly name: string;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: string;
  readonly id2?: { readonly local: string };
  readonly args: { readonly detail?: string };
}

interface Entry {
  readonly name: string;
  readonly track: string;
  readonly group: string;
  readonly begins: number;
  readonly ends: number;
  readonly properties: Record<string, string>;
}

function eventsOf(trace: Trace): FormatEvent[] {
  return (JSON.parse(trace.stop()) as { traceEvents: FormatEvent[] }).traceEvents;
}

/** The measures of a trace; fails where one has only a begin or an end, or ends before it begins. */
function entriesOf(events: readonly FormatEvent[]): Entry[] {
  const ends = new Map(events.filter(({ ph }) => ph === "e").map((event) => [event.id2!.local, event]));
  const entries = events.filter(({ ph }) => ph === "b").map((event) => {
    const end = ends.get(event.id2!.local);
    assert(end !== undefined && end.name === event.name && end.ts >= event.ts, `${event.name} has no end`);
    ends.delete(event.id2!.local);
    const { devtools } = JSON.parse(event.args.detail!);
    return {
      name: event.name.replace(/#\d+$/, ""),
      track: devtools.track,
      group: devtools.trackGroup,
      begins: event.ts,
      ends: end.ts,
      properties: Object.fromEntries(devtools.properties),
    };
  });
  assertEquals([...ends.keys()], []);
  return entries;
}

test("a trace has tasks by their group, what they wait for inside them, turns, slices and requests, each with begin and end", async () => {
  const trace = startTrace();
  const server = await serve(async (_request, context) => {
    await context.spawn(() => sleep(2), { name: "query" });
    return new Response("hello");
  });
  await group(async (g) => {
    g.spawn(() => sleep(3), { name: "sleeper" });
    g.spawn(() => fetch(new URL("/cats", server.url)).then((response) => response.text()), { name: "client" });
    await g.join();
  }, { name: "program" });
  await server.drain();
  const entries = entriesOf(eventsOf(trace));
  const one = (name: string): Entry => {
    const found = entries.filter((entry) => entry.name === name);
    assertEquals(found.length, 1, name);
    return found[0]!;
  };
  const sleeper = one("sleeper");
  assertEquals([sleeper.group, sleeper.track], ["Tasks of program", "program"]);
  assert(sleeper.ends - sleeper.begins >= 2900, JSON.stringify(sleeper));
  const wait = entries.find(({ name, properties }) =>
    name === "waits for sleep" && /sleeper/.test(properties["Task"]!)
  )!;
  assertEquals([wait.track, wait.group], [sleeper.track, sleeper.group]);
  assert(wait.begins >= sleeper.begins && wait.ends <= sleeper.ends);
  assertEquals(one("GET /cats").properties["Status"], "200");
  assertEquals(one("query").group, "Tasks of GET /cats");
  assert(entries.some(({ track, name }) => track === "Turns" && name.includes("sleeper")));
  assert(entries.some(({ track }) => track === "Slices"));
});

test("an arrow goes from whoever lets a wait end to where the waiting task goes on", async () => {
  const trace = startTrace();
  await group((g) => {
    const channel = new Channel<number>();
    g.spawn(() => channel.receive(), { name: "receiver" });
    g.spawn(() => channel.send(1), { name: "sender" });
  });
  const events = eventsOf(trace);
  const [start] = events.filter(({ ph }) => ph === "s");
  const end = events.find(({ ph, id }) => ph === "f" && id === start!.id)!;
  assert(end.ts >= start!.ts);
  const woken = entriesOf(events).find(({ name }) => name === "waits for a value of a channel");
  assert(/^sender#/.test(woken!.properties["Woken by"]!), JSON.stringify(woken));
});

test("a long trace keeps its last events, and each span that is left has begin and end", async () => {
  const trace = startTrace({ maxEvents: 100 });
  await group(async (g) => {
    for (let round = 0; round < 200; round++) await g.spawn(() => sleep(0), { name: `task ${round}` });
  });
  assert(trace.dropped > 100);
  const entries = entriesOf(eventsOf(trace));
  assert(entries.length < 200);
  assert(entries.some(({ name }) => name === "task 199"));
  assert(!entries.some(({ name }) => name === "task 0"));
});

test("what has not ended when the trace is stopped ends with it, and a second stop gives the same", async () => {
  await group(async (g) => {
    g.spawn(() => sleep(10_000), { name: "before" });
    const trace = startTrace();
    g.spawn(() => sleep(10_000), { name: "long" });
    await checkpoint();
    const text = trace.stop();
    assertEquals(text, trace.stop());
    const long = entriesOf(eventsOf(trace)).find(({ name }) => name === "long")!;
    assert(long.properties["State"]!.includes("end of the trace"), JSON.stringify(long));
    g.cancel();
  });
});

test("whatever a task is called, the trace is JSON that says so", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", minLength: 1 }), async (name) => {
      const trace = startTrace();
      await group((g) => void g.spawn(() => {}, { name }));
      assert(eventsOf(trace).some((event) => event.ph === "b" && event.name.startsWith(name)));
    }),
    { numRuns: 50 },
  );
});

test("a trace that is stopped, or left by using, listens to nothing any more", () => {
  {
    using trace = startTrace();
    assertEquals(trace.dropped, 0);
    assert(diagnostics.channel("millrace.task.end").hasSubscribers);
  }
  startTrace().stop();
  for (const what of ["task.spawn", "task.start", "task.end", "wait.start", "wait.wake", "wait.end", "request.start"]) {
    assert(!diagnostics.channel(`millrace.${what}`).hasSubscribers, what);
  }
});

test("with stacks a long turn says where the code was, on a host that can tell", async () => {
  const trace = startTrace({ stacks: true });
  await group((g) => void g.spawn(spinsForLong, { name: "greedy" }));
  const long = entriesOf(eventsOf(trace)).find(({ track, name }) => track === "Turns" && name.includes("greedy"))!;
  const stack = long.properties["Most often"];
  if (thisHost().startsWith("node")) assertMatch(stack!, /^at spinsForLong \(.*trace_test\.ts:\d+:\d+\)$/m);
  else assertEquals(stack, undefined);
});

function spinsForLong(): void {
  const end = performance.now() + 120;
  for (let now = 0; now < end;) now = performance.now();
}
