import { assertEquals, assertThrows } from "@std/assert";
import { SimulatedDisk } from "../../../../runtime/simulation/disk/disk.ts";
import type { DiskFault } from "../../../../runtime/simulation/disk/faults.ts";
import { contentsOf, filesOf, losing, syncPath } from "../../../support/disk_files.ts";
import { testWith } from "../../../support/needs.ts";

/** Lets a fault happen once, the n-th time that it could. */
function once(kind: DiskFault, time = 1): (kind: string, what: string) => boolean {
  let left = time;
  return (asked) => asked === kind && --left === 0;
}

testWith(
  "Node's modules",
  "a full disk fails with ENOSPC, counts bytes, and frees them with the last name and the last who has it open",
  () => {
    const disk = new SimulatedDisk({ capacity: 10 });
    const files = filesOf(disk);
    files.writeFileSync("/a", "123456");
    const file = files.openSync("/b", "w+");
    assertEquals(files.writeSync(file, "abcdef"), 4);
    assertThrows(() => files.writeSync(file, "ef"), Error, "ENOSPC: no space left on device, write");
    const other = files.openSync("/a", "r+");
    assertEquals(files.writeSync(other, "987"), 3);
    files.closeSync(other);
    files.unlinkSync("/b");
    assertThrows(() => files.appendFileSync("/a", "7"), Error, "ENOSPC");
    files.closeSync(file);
    files.appendFileSync("/a", "7890");
    files.truncateSync("/a", 2);
    assertEquals(disk.tree.used, 2);
    files.writeFileSync("/c", "12345678");
    files.renameSync("/c", "/a");
    assertEquals(disk.tree.used, 8);
  },
);

testWith(
  "Node's modules",
  "after a failed sync a second one succeeds, and what was written is gone with the power",
  () => {
    const disk = new SimulatedDisk({ files: { "/log": "old" }, decide: once("sync error") });
    const files = filesOf(disk);
    const file = files.openSync("/log", "a");
    files.writeSync(file, " new");
    assertThrows(() => files.fsyncSync(file), Error, "EIO: i/o error, fsync");
    files.fsyncSync(file);
    assertEquals(contentsOf(disk), { "/log": "old new" });
    disk.powerLoss(losing("none"));
    assertEquals(contentsOf(disk), { "/log": "old" });
  },
);

testWith("Node's modules", "a failed sync of a folder loses its names with the power", () => {
  const disk = new SimulatedDisk({ decide: once("sync error") });
  filesOf(disk).writeFileSync("/log", "");
  assertThrows(() => syncPath(disk, "/"), Error, "EIO");
  syncPath(disk, "/");
  disk.powerLoss(losing("none"));
  assertEquals(contentsOf(disk), {});
});

testWith(
  "Node's modules",
  "a folder that a failed sync has left in two places is in one of them after a loss of power",
  () => {
    const disk = new SimulatedDisk({ files: { "/a/d/x": "text", "/b/y": "", "/c/z": "" }, decide: once("sync error") });
    const files = filesOf(disk);
    files.renameSync("/a/d", "/b/d");
    assertThrows(() => syncPath(disk, "/b"), Error, "EIO");
    files.renameSync("/b/d", "/c/d");
    syncPath(disk, "/c");
    disk.powerLoss(losing("all"));
    const paths = Object.keys(contentsOf(disk)).filter((path) => path.endsWith("x"));
    assertEquals(paths, ["/a/d/x"]);
    assertEquals(files.realpathSync("/a/d/../d/x"), "/a/d/x");
  },
);

testWith("Node's modules", "a disk that lies makes nothing durable, and says it does", () => {
  const disk = new SimulatedDisk({ files: { "/log": "old" }, decide: (kind) => kind === "lying sync" });
  filesOf(disk).appendFileSync("/log", " new");
  syncPath(disk, "/log");
  disk.powerLoss(losing("all"));
  assertEquals(contentsOf(disk), { "/log": "old" });
});

testWith("Node's modules", "the write and the read that are to fail do so with EIO, and change nothing", () => {
  const disk = new SimulatedDisk({ files: { "/log": "old" }, decide: once("write error", 2) });
  const files = filesOf(disk);
  files.appendFileSync("/log", "1");
  assertThrows(() => files.appendFileSync("/log", "2"), Error, "EIO: i/o error, write");
  files.appendFileSync("/log", "3");
  assertEquals(contentsOf(disk), { "/log": "old13" });
  const other = filesOf(new SimulatedDisk({ files: { "/log": "old" }, decide: once("read error") }));
  assertThrows(() => other.readFileSync("/log"), Error, "EIO: i/o error, read");
  assertEquals(other.readFileSync("/log", "utf8"), "old");
});

testWith("Node's modules", "short reads and writes give and take half", () => {
  const disk = new SimulatedDisk({ decide: (kind) => kind.startsWith("short") });
  const files = filesOf(disk);
  const file = files.openSync("/log", "w+");
  assertEquals(files.writeSync(file, "1234"), 2);
  assertEquals(files.readSync(file, new Uint8Array(10), 0, 10, 0), 1);
  // Whoever writes and reads a file whole goes on.
  files.writeFileSync("/whole", "12345678");
  assertEquals(files.readFileSync("/whole", "utf8"), "12345678");
});

testWith("Node's modules", "a bit that flips stays so, also after a loss of power", () => {
  const disk = new SimulatedDisk({ files: { "/log": "\0\0\0\0" }, decide: once("bit flip") });
  const files = filesOf(disk);
  const read = (): number[] => [...files.readFileSync("/log")];
  const found = read();
  assertEquals(found.filter((byte) => byte !== 0).length, 1);
  assertEquals(read(), found);
  disk.powerLoss(losing("all"));
  assertEquals(read(), found);
});

testWith("Node's modules", "what is asked for a fault names the operation and the path", () => {
  const asked = new Set<string>();
  const disk = new SimulatedDisk({
    decide: (kind, what) => {
      asked.add(`${kind}: ${what}`);
      return false;
    },
  });
  filesOf(disk).writeFileSync("/log", "text");
  syncPath(disk, "/log");
  assertEquals([...asked], [
    "write error: write /log",
    "short write: write /log",
    "sync error: sync /log",
    "lying sync: sync /log",
  ]);
});

testWith("Node's modules", "disks are alike by their digest, which tells what is durable from what is not", () => {
  const make = (): SimulatedDisk => new SimulatedDisk({ files: { "/a/b": "text", "/c": "more" } });
  const [one, other] = [make(), make()];
  assertEquals(one.digest(), other.digest());
  filesOf(one).writeFileSync("/c", "less");
  const written = one.digest();
  assertEquals(written === other.digest(), false);
  syncPath(one, "/c");
  assertEquals(written === one.digest(), false);
  filesOf(other).writeFileSync("/c", "less");
  syncPath(other, "/c");
  assertEquals(one.digest(), other.digest());
});
