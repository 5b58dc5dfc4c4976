/** Programs of the users of other pools, ported. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { scryptSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sumsOf } from "../../../examples/pool/csv.ts";
import { hashAll } from "../../../examples/pool/hash.ts";
import { greyAll } from "../../../examples/pool/image.ts";
import { withinTest } from "../../support/within.ts";

test("passwords are hashed on workers, in order, and one that cannot be ends them all with its error", async () => {
  const users = Array.from({ length: 8 }, (_, n) => ({ password: `password ${n}`, salt: `salt ${n}` }));
  const right = users.map(({ password, salt }) => scryptSync(password, salt, 64).toString("hex"));
  assertEquals(await withinTest(hashAll(users)), right);
  await withinTest(
    assertRejects(() => hashAll([...users, { password: 1 as unknown as string, salt: "" }, ...users]), TypeError),
  );
});

test("a picture is made grey in bands that are moved there and back", async () => {
  const pixels = new Uint8Array(4 * 1000).map((_, at) => at * 7);
  const right = pixels.slice();
  for (let at = 0; at < right.length; at += 4) {
    right.fill((right[at]! * 77 + right[at + 1]! * 150 + right[at + 2]! * 29) >> 8, at, at + 3);
  }
  await withinTest(greyAll(pixels, 4 * 64));
  assertEquals(pixels, right);
});

test("a column of a CSV file is summed while a worker reads it, and what keeps it from that is thrown", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-csv-"));
  try {
    const lines = Array.from({ length: 5000 }, (_, n) => `"city, ${n % 3}",${n},"a ""quote"""`);
    await writeFile(join(folder, "sales.csv"), ["city,amount,note", ...lines].join("\n"));
    const sums = await withinTest(sumsOf(join(folder, "sales.csv"), "city", "amount"));
    assertEquals([...sums.keys()], ["city, 0", "city, 1", "city, 2"]);
    assertEquals([...sums.values()].reduce((sum, value) => sum + value), 4999 * 2500);
    const error = await withinTest(sumsOf(join(folder, "none.csv"), "city", "amount").catch((error) => error));
    assert(error instanceof Error && "code" in error);
    assertEquals(error.code, "ENOENT");
  } finally {
    await rm(folder, { recursive: true });
  }
});
