/**
 * What is left of a disk when power is lost.
 *
 * @module
 */

import type { ChooseLoss, Loss } from "./faults.ts";
import { apply, type Change, type FileInode } from "./inode.ts";
import type { Journal } from "./journal.ts";

/** So many bytes are written whole or not at all. */
const sector = 512;

const ways = ["all", "none", "prefix", "subset"] as const;

/** Makes the durable images of files and folders what the loss leaves. */
export function losePower(files: readonly FileInode[], journal: Journal, chooses: ChooseLoss): Loss {
  const dirty = files.filter(({ pending }) => pending.length > 0);
  const changes = dirty.reduce((count, { pending }) => count + pending.length, journal.pending.length);
  if (changes === 0) return { way: "nothing", bytes: 0, entries: 0, torn: undefined };
  const choose = numbered(chooses);
  const way = ways[choose("the way of the loss", ways.length)]!;
  switch (way) {
    case "all":
      return { way, ...loseAll(dirty, journal), torn: undefined };
    case "none":
      for (const file of dirty) file.persist();
      return { way, bytes: 0, entries: journal.cut(() => true), torn: undefined };
    case "prefix":
      return { way, ...losePrefix(dirty, journal, choose), torn: undefined };
    case "subset":
      return { way, ...loseSubset(dirty, journal, choose) };
  }
}

/** Gives each question a name of its own, which whoever draws the answers by name needs. */
function numbered(choose: ChooseLoss): ChooseLoss {
  const asked = new Map<string, number>();
  return (what, count) => {
    const number = (asked.get(what) ?? 0) + 1;
    asked.set(what, number);
    return choose(number === 1 ? what : `${what} # ${number}`, count);
  };
}

interface Lost {
  bytes: number;
  entries: number;
}

function loseAll(dirty: readonly FileInode[], journal: Journal): Lost {
  let bytes = 0;
  for (const file of dirty) {
    for (const change of file.pending) bytes += bytesOf(change);
    file.forget();
  }
  return { bytes, entries: journal.cut(() => false) };
}

/** Of each file, and of the folders together, what was done first is there, up to a point. */
function losePrefix(dirty: readonly FileInode[], journal: Journal, choose: ChooseLoss): Lost {
  let kept = journal.pending.length === 0 ? 0 : choose("how many names are kept", journal.pending.length + 1);
  const entries = journal.cut(() => kept-- > 0);
  let bytes = 0;
  for (const file of dirty) {
    const count = choose("how many changes of a file are kept", file.pending.length + 1);
    for (const change of file.pending.slice(count)) bytes += bytesOf(change);
    file.pending.length = count;
    file.persist();
  }
  return { bytes, entries };
}

/** Any of what was done is there; of one write only some sectors. */
function loseSubset(
  dirty: readonly FileInode[],
  journal: Journal,
  choose: ChooseLoss,
): Lost & { torn: string | undefined } {
  const entries = journal.cut(() => choose("is a name kept", 2) === 1);
  const tearable = dirty.flatMap(({ pending }) => pending.filter(isTearable));
  const torn = tearable.length === 0 ? undefined : tearable[choose("which write is torn", tearable.length)];
  let bytes = 0;
  let told: string | undefined;
  for (const file of dirty) {
    const { pending } = file;
    file.forget();
    for (const change of pending) {
      if (change === torn) {
        told = `the write of ${change.bytes.byteLength} bytes at ${change.at} of the file ${file.ino}`;
        bytes += tear(file, change, choose);
      } else if (choose("is a change kept", 2) === 1) apply(file.durable, change);
      else bytes += bytesOf(change);
    }
  }
  return { bytes, entries, torn: told };
}

type Write = Change & { readonly kind: "write" };

/** Does it reach over the end of a sector? */
function isTearable(change: Change): change is Write {
  if (change.kind !== "write") return false;
  const { at, bytes } = change;
  return Math.floor(at / sector) !== Math.floor((at + bytes.byteLength - 1) / sector);
}

/** Writes the first sectors of a write; the rest is what was there, zeros or other bytes. Answers how many bytes are not there. */
function tear({ durable }: FileInode, { at, bytes }: Write, choose: ChooseLoss): number {
  const first = Math.floor(at / sector);
  const last = Math.floor((at + bytes.byteLength - 1) / sector);
  const cut = (first + 1 + choose("where it is torn", last - first)) * sector - at;
  durable.write(at, bytes.subarray(0, cut));
  const length = bytes.byteLength - cut;
  const rest = choose("what the rest of it is", 3);
  if (rest === 1) durable.write(at + cut, new Uint8Array(length));
  // Nobody writes these by chance, and they are the same in each run.
  if (rest === 2) durable.write(at + cut, Uint8Array.from({ length }, (_, index) => (index * 167 + 89) & 0xff));
  return length;
}

function bytesOf(change: Change): number {
  return change.kind === "write" ? change.bytes.byteLength : 0;
}
