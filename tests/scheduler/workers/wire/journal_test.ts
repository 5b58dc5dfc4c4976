/** Results that wait in a worker, where the pool can find them. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Journal, journalBytes, mostGathered } from "../../../../scheduler/workers/wire/journal.ts";
import { JournalReader } from "../../../../scheduler/workers/wire/journal_reader.ts";
import { replies, repliesStart, replyWidth } from "../../../../scheduler/workers/wire/protocol.ts";
import { testWith } from "../../../support/needs.ts";

const plain = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.string({ maxLength: 200, unit: "binary" }).filter(({ length }) => length <= 200),
  fc.constantFrom(null, undefined, "\ud800", -0, "x".repeat(200)),
);

testWith(
  "shared memory",
  "whatever a journal takes is read from it as it was, in order, by whom it is shared with",
  () => {
    fc.assert(fc.property(fc.array(plain, { maxLength: mostGathered }), (values) => {
      const memory = new SharedArrayBuffer(16 + journalBytes);
      const written = new Journal(memory, 16);
      values.forEach((value, index) => assertEquals(written.add(index + 7, value, index), true));
      const read = new JournalReader(memory, 16);
      assertEquals(read.ids(), values.map((_, index) => index + 7));
      const list = read.asReplies(3, 2);
      assertEquals(list.slice(0, repliesStart), [3, 2]);
      for (const [index, value] of values.entries()) {
        const kind = value === undefined ? replies.doneEmpty : replies.done;
        const at = repliesStart + index * replyWidth;
        assertEquals(list.slice(at, at + replyWidth), [index + 7, kind, value ?? null, index]);
      }
    }));
  },
);

testWith(
  "shared memory",
  "a journal refuses what it could not give back, and has room again when it was cleared",
  () => {
    const memory = new SharedArrayBuffer(journalBytes);
    const journal = new Journal(memory, 0);
    for (const value of ["x".repeat(201), 1n, {}, Symbol("s")]) assertEquals(journal.add(1, value, 0), false);
    for (let id = 1; id <= mostGathered; id++) assertEquals(journal.add(id, id, 0), true);
    assertEquals(journal.add(99, 99, 0), false);
    journal.clear();
    assertEquals(new JournalReader(memory, 0).ids(), []);
    assertEquals(journal.add(100, "again", 5), true);
    assertEquals(new JournalReader(memory, 0).asReplies(1, 99), [1, 99, 100, replies.done, "again", 5]);
  },
);
