import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readSoakToken, type SoakToken, writeSoakToken } from "../../../../scheduler/exploration/soak/soak_token.ts";
import { explore, soak } from "../../../../testing.ts";

const keys = fc.nat(0xffffffff);
const tokens: fc.Arbitrary<SoakToken> = fc.record({
  name: fc.stringMatching(/^[\w.]{1,40}$/),
  profile: fc.constantFrom("node", "node18", "deno", "bun", "browser"),
  seed: fc.maxSafeInteger(),
  events: fc.nat(),
  labels: fc.array(fc.nat(0xfffff), { maxLength: 8 }),
  kept: fc.option(fc.uniqueArray(fc.tuple(keys, fc.nat(7)), { selector: ([key]) => key }), { nil: undefined })
    .map((kept) => kept && new Map(kept)),
});

test("a token is read as it was written, whatever is in it", () => {
  fc.assert(fc.property(tokens, (token) => assertEquals(readSoakToken(writeSoakToken(token)), { ...token })));
});

test("what is no token is refused, and one of another version is told with both versions", () => {
  const token = writeSoakToken({ name: "kv.ts", profile: "node", seed: 7, events: 20, labels: [1], kept: new Map() });
  for (const wrong of ["", "m1-0p0-0", `${token}-x`, token.replace("kv.ts", "k v"), token.slice(0, -1), 7, undefined]) {
    assertThrows(() => readSoakToken(wrong), TypeError, "A token begins with s1-");
  }
  assertThrows(
    () => readSoakToken(token.replace("s1-", "s2-")),
    TypeError,
    "version s2 of the kit's tokens, and this is version s1",
  );
});

test("a token of a soak is no token of explore, and the other way round", () => {
  assertThrows(() => explore(() => {}, { replay: "s1-body-0p1.2-0-none" }), TypeError, "A token begins with m1-");
  assertThrows(() => soak(() => {}, { replay: "m1-0p0.0.0-0" }), TypeError, "A token begins with s1-");
});
