import { test } from "node:test";
import { assert } from "@std/assert";
import { LastRequests } from "../../../../runtime/hosts/common/last_requests.ts";

/** How long it takes until no more requests are expected, in ms. */
async function timeOf(requests: LastRequests, patience: number): Promise<number> {
  const began = performance.now();
  await requests.over(patience);
  return performance.now() - began;
}

test("without requests their time is over soon, and without patience at once", async () => {
  const time = await timeOf(new LastRequests(), 20_000);
  assert(time > 80 && time < 900, `${time} ms`);
  assert(await timeOf(new LastRequests(), 0) < 80, "it has waited");
});

test("requests that come one after the other are waited for, but not for longer than a second", async () => {
  const requests = new LastRequests();
  const timer = setInterval(() => requests.came(), 10);
  const time = await timeOf(requests, 20_000);
  clearInterval(timer);
  assert(time > 900 && time < 10_000, `${time} ms`);
});
