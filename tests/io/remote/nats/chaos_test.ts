/** Calls while those who serve, and the server between, are killed. A longer form: tests/support/remote_chaos/run.ts. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { chaos } from "../../../support/remote_chaos/chaos.ts";
import { withNats } from "../../../support/nats.ts";
import { withinTest } from "../../../support/within.ts";

test("while nobody is killed each call runs once", () =>
  withinTest(withNats(async (nats) => {
    const { right, errors, ranTwice, neverRan, orphans } = await chaos(nats, {
      ...{ calls: 200, servers: 2, serverKills: 0, natsKills: 0 },
    });
    assertEquals({ right, errors, ranTwice, neverRan, orphans }, {
      ...{ right: 200, errors: [], ranTwice: 0, neverRan: 0, orphans: 0 },
    });
  })));

test("while servers and nats-server are killed each call settles with its result, and runs at least once, at most as often as may be", () =>
  withinTest(withNats(async (nats) => {
    const figures = await chaos(nats, { calls: 500, servers: 2, serverKills: 4, natsKills: 1 });
    console.log(
      `ran twice: ${figures.ranTwice}, answers lost: ${figures.errors.length}, answered twice: ${figures.duplicates}, in ${figures.seconds} s`,
    );
    const { right, wrong, errors, neverRan, mostRuns, reconnects } = figures;
    assertEquals({ settled: right + errors.length, wrong, neverRan, reconnects }, {
      ...{ settled: 500, wrong: 0, neverRan: 0, reconnects: 1 },
    });
    // An answer that nats-server took into its death is said again by whoever gave it, unless that one is killed before it is asked.
    assertEquals(errors.filter((error) => !error.includes("it is over, and its answer was lost")), []);
    assert(mostRuns <= 3, `one ran ${mostRuns} times`);
  })));
