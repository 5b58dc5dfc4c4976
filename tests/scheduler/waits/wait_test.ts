/** Waits by themselves, apart from what is waited for. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Scope } from "../../../scheduler/scopes/scope.ts";
import { Wait } from "../../../scheduler/waits/wait.ts";
import { turns, watch } from "../../support/turns.ts";

test("a wait that is given up leaves its scope, takes no result, and is not told of a cancellation", async () => {
  const scope = new Scope(undefined);
  let told = 0;
  const wait = new Wait<number>(scope, () => told++);
  const seen = watch(wait.promise);
  wait.abandon();
  assertEquals([wait.isMember, wait.settled, wait.resolve(1), wait.reject(new Error("no"))], [
    false,
    true,
    false,
    false,
  ]);
  wait.settleInTurn(2);
  scope.cancel("cancel");
  await turns();
  assertEquals([told, seen.state], [0, "pending"]);
});

test("giving up a wait takes back the turn that a result or a cancellation has queued", async () => {
  const scope = new Scope(undefined);
  const cancelled = new Wait<number>(scope);
  const settling = new Wait<number>(undefined);
  const seen = [cancelled, settling].map(({ promise }) => watch(promise));
  scope.cancel("cancel");
  settling.settleInTurn(1);
  assert(cancelled.interrupted, "the cancellation has not come");
  for (const wait of [cancelled, settling]) {
    wait.abandon();
    wait.abandon();
  }
  await turns();
  assertEquals(seen.map(({ state }) => state), ["pending", "pending"]);
});
