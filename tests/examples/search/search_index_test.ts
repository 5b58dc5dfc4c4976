import fc from "fast-check";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SearchIndex } from "../../../examples/search/search_index.ts";
import { Tokenizer, wordsOf } from "../../../examples/search/tokenizer.ts";

function add(index: SearchIndex, path: string, text: string): void {
  const bytes = new TextEncoder().encode(text);
  index.begin(path, bytes.length);
  const tokenizer = new Tokenizer((high, low) => index.add(high, low, 1));
  tokenizer.take(bytes, 0, bytes.length);
  tokenizer.end();
}

async function find(index: SearchIndex, query: string, limit = 1000): Promise<string[]> {
  return (await index.search(wordsOf(query), limit)).map(({ path }) => path);
}

test("a search finds exactly the files that have one of the words, those with all of them first", async () => {
  const word = fc.constantFrom("task", "group", "scope", "turn", "slice");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(word, { maxLength: 12 }), { maxLength: 20 }),
      fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      async (files, query) => {
        const index = new SearchIndex();
        files.forEach((words, number) => add(index, String(number), words.join(" ")));
        const found = await find(index, query.join(" "));
        const withAny = files.flatMap((words, number) =>
          query.some((wanted) => words.includes(wanted)) ? [number] : []
        );
        assertEquals(found.map(Number).sort((a, b) => a - b), withAny);
        const hits = await index.search(wordsOf(query.join(" ")), 1000);
        for (let at = 1; at < hits.length; at++) assert(hits[at - 1]!.score >= hits[at]!.score, "the best are first");
      },
    ),
    { numRuns: 60 },
  );
});

test("a file with both words stands before one that has one of them many times", async () => {
  const index = new SearchIndex();
  add(index, "many", "timer ".repeat(50));
  add(index, "both", "timer and queue");
  add(index, "neither", "nothing of it");
  assertEquals(await find(index, "timer queue"), ["both", "many"]);
});

test("a rare word counts more than a frequent one, and the limit keeps the best", async () => {
  const index = new SearchIndex();
  for (let number = 0; number < 50; number++) add(index, `common ${number}`, "const value");
  add(index, "rare", "value zebra");
  assertEquals(await find(index, "zebra value", 1), ["rare"]);
  assertEquals((await find(index, "zebra value", 7)).length, 7);
});

test("every one of 100,000 words is found again after the tables have grown", async () => {
  const index = new SearchIndex();
  const perFile = 1000;
  const wordOf = (number: number) => `word${number.toString(36)}`;
  for (let file = 0; file < 100; file++) {
    const words = Array.from({ length: perFile }, (_, at) => wordOf(file * perFile + at));
    add(index, String(file), words.join(" "));
  }
  assertEquals(index.words, 100_000);
  for (let number = 0; number < 100_000; number += 997) {
    assertEquals(await find(index, wordOf(number)), [String(Math.floor(number / perFile))]);
  }
  assertEquals(await find(index, "missing"), []);
});
