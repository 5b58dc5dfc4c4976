import fc from "fast-check";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Tokenizer, wordsOf } from "../../../examples/search/tokenizer.ts";

/** The words of a text that comes in blocks, as text, each as often as it is found. */
function tokensOf(text: string, blockSize = Infinity): string[] {
  const found: string[] = [];
  const bytes = new TextEncoder().encode(text);
  const tokenizer = new Tokenizer((high, low) => found.push(`${high},${low}`));
  for (let at = 0; at < bytes.length; at += blockSize) {
    tokenizer.take(bytes, at, Math.min(at + blockSize, bytes.length));
  }
  tokenizer.end();
  return found.sort();
}

/** What the words of a text are, when each of these is a word by itself. */
function hashesOf(...words: string[]): string[] {
  return words.map((word) => {
    const [[high, low] = [0, 0]] = wordsOf(word);
    return `${high},${low}`;
  }).sort();
}

test("an identifier gives itself and its parts, in lower case", () => {
  assertEquals(tokensOf("readBytes"), hashesOf("readbytes", "read", "bytes"));
  assertEquals(tokensOf("HTTP server"), hashesOf("http", "server"));
  assertEquals(tokensOf("utf8"), hashesOf("utf8"));
  assertEquals(tokensOf("naïve"), hashesOf("naïve"));
});

test("words of one letter and of more than 64 are left out", () => {
  assertEquals(tokensOf("a + b"), []);
  assertEquals(tokensOf("x".repeat(65)), []);
  assertEquals(tokensOf("x".repeat(64)).length, 1);
});

test("where a text is cut into blocks changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (text, blockSize) => {
      assertEquals(tokensOf(text, blockSize), tokensOf(text));
    }),
  );
});

test("a query has each of its words once", () => {
  assertEquals(wordsOf("signal Signal SIGNAL").length, 1);
  assertEquals(wordsOf("").length, 0);
});

test("different words have different hashes", () => {
  const words = new Set<string>();
  for (let number = 0; number < 100_000; number++) {
    const [[high, low] = [0, 0]] = wordsOf(`w${number.toString(36)}`);
    words.add(`${high},${low}`);
  }
  assertEquals(words.size, 100_000);
});
