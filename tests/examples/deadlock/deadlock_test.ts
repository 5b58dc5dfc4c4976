import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { State } from "../../../io/inspector/protocol.ts";
import { Looking } from "../../io/inspector/looking.ts";
import { start } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";
import { within } from "../../support/within.ts";

const plain = (name: string): string => name.replace(/#\d+$/, "");

test("each of the four faults of the example is found on the page", async () => {
  const child = start(join(root, "examples/deadlock/main.ts"));
  const [, url] = await child.waitFor(/Look at (http:\S+)/);
  const looking = await Looking.at(new URL(url!));
  const rowOf = ({ rows }: State, name: string) => rows.find((row) => plain(row.name) === name);
  const state = await looking.state(({ cycles, loop, rows }) =>
    cycles.length > 0 && loop.longTurns.some(({ who }) => who.includes("reports")) &&
    rows.some(({ name }) => name.startsWith("listener 2"))
  );
  assertEquals(state.cycles.map((cycle) => cycle.map(plain).sort()), [["transfer back", "transfer out"]]);
  assert(state.loop.longTurns.find(({ who }) => who.includes("reports"))!.duration > 100);
  assertEquals(rowOf(state, "import c.csv")!.waitingFor, "a slot of its group");
  assert(rowOf(state, "listener 2")!.place!.includes("main.ts"));
  await looking.leave();
  child.signal("SIGINT");
  assertEquals((await within(child.ended, "the program has ended")).code, 130);
});
