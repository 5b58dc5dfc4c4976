/** How `npm run bench` reads its arguments, and what it makes of the words of load generators. */

import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { benches, sections } from "../../bench/all.ts";
import { fixedRate, ofLog, ofWrk } from "../../bench/load_figures.ts";
import { BadOptions, named, parseOptions, reportFile } from "../../bench/options.ts";

const parse = (line: string) => parseOptions(line.split(" ").filter((word) => word !== ""), "node");

test("without a word all benches run on this host, and lists are named with commas", () => {
  const { only, hosts, html, json } = parse("");
  assertEquals([only, hosts, html, json], [undefined, ["node"], undefined, false]);
  assertEquals(parse("--only turn,serve --runtime node26,bun,bun").only, ["turn", "serve"]);
  assertEquals(parse("--only turn,serve --runtime node26,bun,bun").hosts, ["node26", "bun"]);
});

test("the file of --html may be left out, wherever it stands", () => {
  assertEquals(parse("--html").html, reportFile);
  assertEquals(parse("--html --only turn").html, reportFile);
  assertEquals(parse("--only turn --html a.html").html, "a.html");
  assertEquals(parse("--html=a.html --from a.json,b.json").from, ["a.json", "b.json"]);
});

test("options that exclude each other, or are unknown, are refused with a sentence", () => {
  for (
    const line of ["--from a.json", "--html --against main", "--against main --runtime node,bun", "--pairs 9", "--no"]
  ) {
    assertThrows(() => parse(line), BadOptions);
  }
});

test("a name means the bench of that name, else all whose names have it in them, each once and in their order", () => {
  const all = ["turn", "turn-context", "serve", "serve-idle"].map((name) => ({ name }));
  const names = (...only: string[]) => named(all, only).map(({ name }) => name);
  assertEquals(names("turn"), ["turn"]);
  assertEquals(names("serve-", "urn-", "serve-idle"), ["turn-context", "serve-idle"]);
  assertEquals(named(all, undefined).length, 4);
  assertThrows(() => names("nothing"), BadOptions, "No bench has nothing in its name");
});

test("each bench is in one section, with a name of its own that an address can end with", () => {
  assertEquals(new Set(benches.map(({ name }) => name)).size, benches.length);
  for (const { name } of benches) assert(/^[a-z0-9-]+$/.test(name), name);
  assert(sections.every(({ benches }) => benches.length > 0));
});

test("what wrk says is read, and silence or no answer at all is an error", () => {
  const told = ofWrk("Running 1s test\n  1 threads\ntold 20739 1008750 1992 94710 3 0\n");
  assertEquals(told, { requests: 20739, duration: 1008750, p50: 1992, p99: 94710, refused: 3, failed: 0 });
  assertThrows(() => ofWrk("unable to connect"), Error, "unable to connect");
  assertThrows(() => ofWrk("told 0 1000000 0 0 0 64"), Error, "No request");
});

test("a fixed rate is shared among clients who each can send their part, and all of whom are there after two seconds", () => {
  fc.assert(fc.property(fc.double({ min: 100, max: 150_000, noNaN: true }), (rate) => {
    const { clients, each, period, requests } = fixedRate(rate, 2);
    assert(Math.abs(clients * each - rate) < 1e-6 * rate && each <= 80);
    assert(clients >= 64 && Number.isInteger(period) && period >= 1 && clients * period <= 2001);
    // The first is not at its end before the last has been there for two seconds.
    assert(requests / clients / each >= clients * period / 1000 + 2 - 1e-6 && requests % clients === 0);
  }));
});

test("only what was sent while all clients were there counts, and an answer that is no success is an error", () => {
  const plan = { clients: 2, each: 5, period: 100, requests: 20 };
  const row = (ms: number, latency: number, status = 200) => `${1e15 + ms * 1000}\t${status}\t${latency}`;
  const rows = [row(0, 9999), row(199, 9999), ...Array.from({ length: 10 }, (_, at) => row(200 + at * 100, 50 - at))];
  const latencies = [41, 42, 43, 44, 45, 46, 47, 48, 49, 50];
  assertEquals(ofLog([...rows, row(1200, 9999)].join("\n"), plan, 1), { latencies, rate: 10 });
  assertThrows(() => ofLog([...rows, row(300, 1, -1)].join("\n"), plan, 1), Error, "not answered with 200");
});
