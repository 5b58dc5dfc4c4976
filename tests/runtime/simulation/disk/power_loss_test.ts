import { assert, assertEquals, assertThrows } from "@std/assert";
import { SimulatedDisk } from "../../../../runtime/simulation/disk/disk.ts";
import { Random } from "../../../../runtime/basics/random.ts";
import { contentsOf, filesOf, losing, syncPath } from "../../../support/disk_files.ts";
import { testWith } from "../../../support/needs.ts";

/** What is left in each of many losses, each text once. */
function outcomes(make: () => SimulatedDisk, look: (disk: SimulatedDisk) => string, count = 300): Set<string> {
  const found = new Set<string>();
  for (let seed = 0; seed < count; seed++) {
    const random = new Random(seed);
    const disk = make();
    disk.powerLoss((_what, count) => random.below(count));
    found.add(look(disk));
  }
  return found;
}

function textOf(disk: SimulatedDisk, path: string): string {
  return contentsOf(disk)[path] ?? "nothing";
}

testWith(
  "Node's modules",
  "what was synced is there after a loss of power, and its name if the folder was synced",
  () => {
    const disk = new SimulatedDisk();
    const files = filesOf(disk);
    files.writeFileSync("/kept", "text");
    syncPath(disk, "/kept");
    syncPath(disk, "/");
    files.writeFileSync("/nameless", "text");
    syncPath(disk, "/nameless");
    const loss = disk.powerLoss(losing("all"));
    assertEquals(contentsOf(disk), { "/kept": "text" });
    assertEquals(loss, { way: "all", bytes: 0, entries: 1, torn: undefined });
  },
);

testWith("Node's modules", "a file whose folder alone was synced is there and empty", () => {
  const disk = new SimulatedDisk();
  filesOf(disk).writeFileSync("/log", "text");
  syncPath(disk, "/");
  const { bytes, entries } = disk.powerLoss(losing("all"));
  assertEquals(contentsOf(disk), { "/log": "" });
  assertEquals([bytes, entries], [4, 0]);
});

testWith("Node's modules", "what was not synced is lost, is there, is there up to a point, or in part", () => {
  const make = (): SimulatedDisk => {
    const disk = new SimulatedDisk({ files: { "/log": "" } });
    const files = filesOf(disk);
    const file = files.openSync("/log", "a");
    files.writeSync(file, "a".repeat(700));
    files.writeSync(file, "b".repeat(700));
    return disk;
  };
  const shapes = outcomes(
    make,
    (disk) => textOf(disk, "/log").replace(/(.)\1*/gs, (run, one) => `${one}${run.length} `),
  );
  for (const shape of ["", "a700 b700 ", "a700 ", "a700 b324 "]) {
    assert(shapes.has(shape), `${JSON.stringify(shape)} of ${JSON.stringify([...shapes])}`);
  }
  assert(shapes.has("a512 \u0000188 "), "zeros after a sector");
});

testWith("Node's modules", "the rest of a torn write is what was there, zeros or other bytes", () => {
  const make = (): SimulatedDisk => {
    const disk = new SimulatedDisk({ files: { "/page": "o".repeat(1024) } });
    const files = filesOf(disk);
    files.writeSync(files.openSync("/page", "r+"), "n".repeat(1024), 0);
    return disk;
  };
  const rests = outcomes(make, (disk) => {
    const text = textOf(disk, "/page");
    return text.startsWith("n".repeat(512)) ? text.slice(512) : "whole";
  });
  assert(rests.has("o".repeat(512)) && rests.has("\0".repeat(512)) && rests.has("n".repeat(512)));
  assert([...rests].some((rest) => rest.length === 512 && new Set(rest).size > 10));
});

testWith(
  "Node's modules",
  "a file renamed without a sync may be empty after a loss of power, and with both syncs never",
  () => {
    const replace = (syncs: boolean) => (): SimulatedDisk => {
      const disk = new SimulatedDisk({ files: { "/data": "old" } });
      const files = filesOf(disk);
      files.writeFileSync("/part", "new");
      if (syncs) syncPath(disk, "/part");
      files.renameSync("/part", "/data");
      if (syncs) syncPath(disk, "/");
      return disk;
    };
    const look = (disk: SimulatedDisk): string => textOf(disk, "/data");
    assertEquals(outcomes(replace(false), look), new Set(["old", "", "new"]));
    assertEquals(outcomes(replace(true), look), new Set(["new"]));
  },
);

testWith(
  "Node's modules",
  "a rename into another folder is there whole or not at all, whichever of them was synced",
  () => {
    for (const synced of ["/a", "/b"]) {
      const disk = new SimulatedDisk({ files: { "/a/x": "text", "/b/y": "" } });
      filesOf(disk).renameSync("/a/x", "/b/x");
      syncPath(disk, synced);
      disk.powerLoss(losing("all"));
      assertEquals(contentsOf(disk), { "/a/": "", "/b/": "", "/b/x": "text", "/b/y": "" });
    }
    const make = (): SimulatedDisk => {
      const disk = new SimulatedDisk({ files: { "/a/x": "text", "/b/y": "" } });
      filesOf(disk).renameSync("/a/x", "/b/x");
      return disk;
    };
    const paths = outcomes(make, (disk) => Object.keys(contentsOf(disk)).filter((path) => path.endsWith("x")).join());
    assertEquals(paths, new Set(["/a/x", "/b/x"]));
  },
);

testWith("Node's modules", "a file that was removed may be back, with what was synced of it", () => {
  const make = (): SimulatedDisk => {
    const disk = new SimulatedDisk({ files: { "/log": "old" } });
    const files = filesOf(disk);
    files.appendFileSync("/log", " new");
    files.unlinkSync("/log");
    return disk;
  };
  const found = outcomes(make, (disk) => textOf(disk, "/log"));
  assertEquals(found, new Set(["old", "old new", "nothing"]));
});

testWith("Node's modules", "a folder that is not durable takes all with it that was synced in it", () => {
  const disk = new SimulatedDisk();
  const files = filesOf(disk);
  files.mkdirSync("/data");
  files.writeFileSync("/data/log", "text");
  syncPath(disk, "/data/log");
  syncPath(disk, "/data");
  disk.powerLoss(losing("all"));
  assertEquals(contentsOf(disk), {});
});

testWith("Node's modules", "folders that were moved into one another are never lost in a circle", () => {
  const make = (): SimulatedDisk => {
    const disk = new SimulatedDisk({ files: { "/a/x": "", "/b/y": "" } });
    const files = filesOf(disk);
    files.renameSync("/a", "/b/a");
    files.renameSync("/b/a", "/a");
    files.renameSync("/b", "/a/b");
    return disk;
  };
  const counts = outcomes(make, (disk) => String(Object.keys(contentsOf(disk)).length));
  assertEquals(counts, new Set(["4"]));
});

testWith("Node's modules", "the end of a process loses nothing that was written, and closes what it had open", () => {
  const disk = new SimulatedDisk();
  const files = filesOf(disk);
  const file = files.openSync("/log", "a");
  files.writeSync(file, "text");
  disk.closeAll();
  assertEquals(contentsOf(disk), { "/log": "text" });
  assertThrows(() => files.writeSync(file, "more"), Error, "EBADF");
});

testWith("Node's modules", "where nothing is pending nothing is asked and nothing lost", () => {
  const disk = new SimulatedDisk({ files: { "/a": "text" } });
  const loss = disk.powerLoss(() => {
    throw new Error("asked");
  });
  assertEquals(loss, { way: "nothing", bytes: 0, entries: 0, torn: undefined });
});

testWith("Node's modules", "a truncation is durable with the sync, like a write", () => {
  const disk = new SimulatedDisk({ files: { "/log": "old text" } });
  const files = filesOf(disk);
  files.truncateSync("/log", 3);
  disk.powerLoss(losing("all"));
  assertEquals(contentsOf(disk), { "/log": "old text" });
  files.truncateSync("/log", 3);
  syncPath(disk, "/log");
  disk.powerLoss(losing("all"));
  assertEquals(contentsOf(disk), { "/log": "old" });
});

testWith("Node's modules", "an open for synchronous writes makes each of them durable", () => {
  const disk = new SimulatedDisk({ files: { "/log": "" } });
  const files = filesOf(disk);
  files.writeSync(files.openSync("/log", "as"), "text");
  disk.powerLoss(losing("all"));
  assertEquals(contentsOf(disk), { "/log": "text" });
});

testWith("Node's modules", "a disk that was wiped has nothing on it", () => {
  const disk = new SimulatedDisk({ files: { "/a/b": "text" }, capacity: 4 });
  disk.wipe();
  assertEquals(contentsOf(disk), {});
  filesOf(disk).writeFileSync("/c", "four");
});

testWith("Node's modules", "each question of a loss has a name of its own, so that answers can be drawn by it", () => {
  for (const way of ["prefix", "subset"] as const) {
    const disk = new SimulatedDisk();
    const files = filesOf(disk);
    for (const name of ["/a", "/b", "/c"]) {
      files.writeFileSync(name, "x".repeat(600));
      files.appendFileSync(name, "y".repeat(600));
    }
    const asked: string[] = [];
    disk.powerLoss(losing(way, (what) => {
      asked.push(what);
      return 0;
    }));
    assert(asked.length > 3);
    assertEquals(new Set(asked).size, asked.length);
  }
});
