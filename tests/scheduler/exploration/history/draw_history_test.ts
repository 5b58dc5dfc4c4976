import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { checkLinearizable, drawHistory, formatHistory, history, type Operation } from "../../../../testing.ts";
import { drawOf, kinds, played } from "../../../support/histories.ts";

function staleRead() {
  const h = history();
  h.call("writer", { name: "write", input: 1 }).ok();
  h.call("writer", { name: "write", input: 2 }).ok();
  h.call("reader", { name: "read" }).ok(1);
  return checkLinearizable(h, "register");
}

/** The elements of an SVG image, each opened and closed in order. */
function checkMarkup(svg: string): void {
  const open: string[] = [];
  for (const [, close, name, selfClosing] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close === "/") assertEquals(open.pop(), name);
    else if (selfClosing !== "/") open.push(name!);
  }
  assertEquals(open, []);
  const rest = svg.replace(/<[^<>]*>/g, "");
  assert(!/[<>]/.test(rest), "all other brackets are escaped");
  assert(!/<(?:script|image|foreignObject)|\son\w+=|href=/.test(svg), "nothing runs, nothing is loaded");
}

test("a violation is drawn with a bar for each operation, the order in numbers, and what fits nowhere in red", () => {
  const svg = drawHistory(staleRead());
  checkMarkup(svg);
  assert(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"'));
  assertEquals(svg.match(/class="done"/g)?.length, 2);
  assertEquals(svg.match(/class="bad"/g)?.length, 1);
  assertEquals([...svg.matchAll(/class="n"[^>]*>(\d+)</g)].map(([, number]) => number), ["1", "2"]);
  for (const text of ["write 1", "write 2", "read → 1", "fits nowhere", "writer", "reader"]) {
    assert(svg.includes(`>${text}</text>`), text);
  }
  assert(svg.includes("prefers-color-scheme:dark"));
});

test("what clients say is text in a picture, whatever it is", () => {
  const h = history();
  const hostile = "</text><script>alert(1)</script>\u0000\ud800\"'&";
  h.call(hostile, { name: hostile, key: hostile, input: hostile }).ok(hostile);
  h.call(hostile, { name: hostile, key: "other" });
  const svg = drawHistory(h, { title: hostile });
  checkMarkup(svg);
  assert(svg.isWellFormed());
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0008]/.test(svg));
});

test("a picture ends, however long the history is, and says what it leaves out", () => {
  const h = played(kinds["map"]!, 500, drawOf(3), { clients: 5 });
  const svg = drawHistory(h, { limit: 20 });
  checkMarkup(svg);
  assertEquals(svg.match(/<g>/g)?.length, 20);
  assert(svg.includes("and 480 more operations"));
  assertMatch(formatHistory(h, { limit: 499 }), /and 1 more operation$/);
  assert(drawHistory([]).includes("No operations"));
  assertEquals(formatHistory([]), "No operations");
});

test("each number of an order stands within the bar of its operation, and they grow from left to right", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const h = played(kinds["register"]!, 40, drawOf(seed), { clients: 4, unknown: 5 });
    const verdict = checkLinearizable(h, "register");
    const lines = formatHistory(verdict).split("\n").slice(2);
    const at = new Map<number, number>();
    for (const [index, line] of lines.entries()) {
      if (!/^[ \d]+$/.test(line)) continue;
      for (const match of line.matchAll(/\d+/g)) {
        at.set(Number(match[0]), match.index);
        const bar = lines[index - 1]!;
        const from = bar.lastIndexOf("├", match.index);
        assert(from >= 0, "there is a bar above");
        const end = bar.slice(from + 1).search(/[├┤]/);
        assert(end < 0 || from + 1 + end >= match.index, `${bar}\n${line}`);
      }
    }
    assertEquals(at.size, verdict.order.length);
    const places = [...at].sort(([a], [b]) => a - b).map(([, place]) => place);
    assertEquals(places, places.toSorted((a, b) => a - b));
  }
});

test("a history is written as lanes of text", () => {
  assertEquals(
    formatHistory(staleRead()),
    `\
Not linearizable: reader: read → 1 fits nowhere: after writer: write 1, writer: write 2 the register is 2

writer  ├ write 1 ─┤  ├ write 2 ─┤
              1             2
reader                              ╞ read → 1 ═╡
                                    ✗ fits nowhere`,
  );
});

test("what has not returned is open at its end, and what failed is drawn as such", () => {
  const h = history();
  h.call("c1", { name: "write", input: 1 }).fail();
  h.call("c2", { name: "write", input: 2 });
  h.call("c1", { name: "read" }).ok(null);
  assertEquals(
    formatHistory(h, { title: "All" }),
    `\
All

c1  ├ write 1 failed ─┤     ├ read → nothing ─┤
c2                       ├ write 2 → ? ┄┄┄┄┄┄┄┄┄┄┄`,
  );
  const svg = drawHistory(h);
  checkMarkup(svg);
  assertEquals([svg.match(/class="fail"/g)?.length, svg.match(/<path /g)?.length], [1, 1]);
});

test("the names that a client has had stand below each other", () => {
  const h = history();
  h.call("a", { name: "write", input: 1 }).unknown();
  h.call("b", { name: "read" }).ok(1);
  h.call("a", { name: "read" }).ok(1);
  assertEquals(formatHistory(h).split("\n").map((line) => line.split(" ")[0]), ["a", "a'2", "b"]);
});

test("operations of one client that overlap stand below each other", () => {
  const one: Operation = { client: "a", name: "read", output: 1, outcome: "ok", call: 0, return: 5 };
  const lines = formatHistory([one, { ...one, call: 2, return: 8 }, { ...one, call: 6, return: 9 }]).split("\n");
  assertEquals(lines.length, 2);
  checkMarkup(drawHistory([one, { ...one, call: 2, return: 8 }]));
});

test("a verdict is drawn the same after JSON", () => {
  const verdict = staleRead();
  assertEquals(drawHistory(JSON.parse(JSON.stringify(verdict))), drawHistory(verdict));
});

test("what is neither a history nor a verdict is refused, with what was received", () => {
  assertThrows(() => drawHistory(5 as never), TypeError, "received 5");
  assertThrows(() => formatHistory(undefined as never), TypeError, "received undefined");
  assertThrows(() => drawHistory([], { limit: 0 }), RangeError, "received 0");
});
