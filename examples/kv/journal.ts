/**
 * A file of records that survives a loss of power: what has been synced is there afterwards, in its order.
 *
 * A record is a line: a checksum, a blank, the record as JSON. What was written and not synced may be there, in part or not at all: the first
 * line that is not whole ends the journal, and so does whatever comes behind it.
 *
 * ```
 *   write ──> the system has it: it survives a kill of the process
 *   sync  ──> the disk has it: it survives a loss of power, and may be answered for
 * ```
 */

import fs from "node:fs/promises";
import { dirname, resolve } from "node:path";

export class Journal<T> {
  /** What was in it when it was opened. */
  readonly records: readonly T[];
  readonly #file: fs.FileHandle;

  private constructor(records: readonly T[], file: fs.FileHandle) {
    this.records = records;
    this.#file = file;
  }

  /** Opens a journal, which is made if need be. */
  static async open<T>(folder: string, name: string): Promise<Journal<T>> {
    const path = resolve(folder, name);
    await fs.mkdir(folder, { recursive: true });
    // Each name on the way to it: a folder may be new, or have been so in a life that was killed before it came to this.
    for (let below = dirname(path); below !== dirname(below); below = dirname(below)) await syncFolder(dirname(below));
    const records = parse<T>(await readText(path));
    // Written anew and put in its place: appending to a torn line would lose the record that follows it, and what an earlier life
    // has not synced is now in memory, and will be answered for.
    const part = await fs.open(`${path}.part`, "w");
    await writeWhole(part, records.map(lineOf).join(""));
    await part.sync();
    await part.close();
    await fs.rename(`${path}.part`, path);
    // The file is on the disk, its new name is not yet.
    await syncFolder(folder);
    return new Journal(records, await fs.open(path, "a"));
  }

  /** Hands records to the system, which may still lose them. */
  write(records: readonly T[]): Promise<void> {
    return writeWhole(this.#file, records.map(lineOf).join(""));
  }

  /** Settles when all that was written is on the disk. After an error nothing is known of that: the process has to end. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "";
    throw error;
  }
}

async function writeWhole(file: fs.FileHandle, text: string): Promise<void> {
  if (text === "") return;
  const bytes = new TextEncoder().encode(text);
  const { bytesWritten } = await file.write(bytes, 0, bytes.length);
  // As on a full disk: the rest would have to be tried, and half a record is of no use.
  if (bytesWritten < bytes.length) throw new Error(`Only ${bytesWritten} of ${bytes.length} bytes were written`);
}

/** The names in a folder are on the disk only after a sync of the folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function lineOf(record: unknown): string {
  const text = JSON.stringify(record);
  return `${checksum(text)} ${text}\n`;
}

/** The whole records at the beginning of a text. */
export function parse<T>(text: string): T[] {
  const records: T[] = [];
  // Behind the last line break is nothing, or a line that was not written whole.
  for (const line of text.split("\n").slice(0, -1)) {
    const record = line.slice(9);
    if (line.slice(0, 9) !== `${checksum(record)} `) break;
    records.push(JSON.parse(record));
  }
  return records;
}

/** FNV-1a: enough to tell a torn line, not to protect from anybody. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
