import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Random } from "../../../../runtime/basics/random.ts";
import { SimulatedDisk } from "../../../../runtime/simulation/disk/disk.ts";
import { hashOf } from "../../../../runtime/basics/hash.ts";
import { contentsOf, filesOf, losing, syncPath } from "../../../support/disk_files.ts";
import { DiskModel } from "../../../support/disk_model.ts";
import { testWith } from "../../../support/needs.ts";

const path = fc.constantFrom("/a/x", "/a/y", "/b/x", "/b/y");

type Step = readonly [string, string, (string | number)?, string?];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant("create"), path),
  fc.tuple(fc.constant("create"), path),
  fc.tuple(fc.constant("write"), path, fc.nat(4), fc.constantFrom("1", "22", "333")),
  fc.tuple(fc.constant("write"), path, fc.nat(4), fc.constantFrom("4", "55", "666")),
  fc.tuple(fc.constant("truncate"), path, fc.nat(4)),
  fc.tuple(fc.constant("unlink"), path),
  fc.tuple(fc.constant("rename"), path, path),
  fc.tuple(fc.constant("rename"), path, path),
  fc.tuple(fc.constant("syncFile"), path),
  fc.tuple(fc.constant("syncFolder"), fc.constantFrom("/a", "/b")),
);

/** Does a step to the disk and the model, if the file is there that it is for. */
function take(disk: SimulatedDisk, model: DiskModel, [name, path, more, text]: Step): void {
  const files = filesOf(disk);
  if (name !== "create" && name !== "syncFolder" && !model.has(path)) return;
  switch (name) {
    case "create":
      files.closeSync(files.openSync(path, "w"));
      return model.create(path);
    case "write": {
      const file = files.openSync(path, "r+");
      files.writeSync(file, text!, more as number);
      files.closeSync(file);
      return model.write(path, more as number, text!);
    }
    case "truncate":
      files.truncateSync(path, more as number);
      return model.truncate(path, more as number);
    case "unlink":
      files.unlinkSync(path);
      return model.unlink(path);
    case "rename":
      files.renameSync(path, more as string);
      return model.rename(path, more as string);
    case "syncFile":
      syncPath(disk, path);
      return model.syncFile(path);
    case "syncFolder":
      syncPath(disk, path);
      return model.syncFolder(path);
  }
}

function filesIn(disk: SimulatedDisk): Record<string, string> {
  return Object.fromEntries(Object.entries(contentsOf(disk)).filter(([path]) => !path.endsWith("/")));
}

testWith("Node's modules", "what a loss of power leaves is what the rules allow, and what was synced is there", () => {
  const lives = fc.array(fc.array(step, { maxLength: 9 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(lives, fc.integer(), (lives, seed) => {
      const random = new Random(seed);
      const disk = new SimulatedDisk({ files: { "/a/keep": "", "/b/keep": "" } });
      filesOf(disk).rmSync("/a/keep");
      filesOf(disk).rmSync("/b/keep");
      syncPath(disk, "/a");
      syncPath(disk, "/b");
      const model = new DiskModel();
      for (const steps of lives) {
        for (const step of steps) {
          take(disk, model, step);
          for (const [path, content] of Object.entries(filesIn(disk))) assertEquals(content, model.content(path));
        }
        disk.powerLoss((_what, count) => random.below(count));
        const found = filesIn(disk);
        assert(model.allows(found), `${JSON.stringify(steps)} cannot leave ${JSON.stringify(found)}`);
        const bytes = Object.values(found).reduce((sum, content) => sum + content.length, 0);
        assertEquals(disk.tree.used, bytes);
      }
    }),
    { numRuns: 1000 },
  );
});

testWith("Node's modules", "after both syncs nothing that was done before them is ever lost", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.integer(), (steps, seed) => {
      const random = new Random(seed);
      const disk = new SimulatedDisk({ files: { "/a/x": "0", "/b/y": "00" } });
      const files = filesOf(disk);
      for (const [name, path, more, text] of steps) {
        if (name === "create") files.writeFileSync(path, "new");
        if (!files.existsSync(path)) continue;
        if (name === "write") files.appendFileSync(path, text!);
        if (name === "rename") files.renameSync(path, more as string);
        if (name === "unlink") files.unlinkSync(path);
        if (name === "truncate") files.truncateSync(path, more as number);
      }
      const before = contentsOf(disk);
      for (const path of Object.keys(filesIn(disk))) syncPath(disk, path);
      syncPath(disk, "/a");
      syncPath(disk, "/b");
      disk.powerLoss((_what, count) => random.below(count));
      assertEquals(contentsOf(disk), before);
    }),
    { numRuns: 500 },
  );
});

testWith("Node's modules", "each way of losing power is taken, and each loss told, in some of many", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed);
    const disk = new SimulatedDisk();
    filesOf(disk).writeFileSync("/log", "x".repeat(2000));
    const { way, bytes, entries, torn } = disk.powerLoss((_what, count) => random.below(count));
    seen.add(way);
    if (bytes > 0) seen.add("bytes");
    if (entries > 0) seen.add("entries");
    if (torn !== undefined) seen.add("torn");
  }
  assertEquals([...seen].sort(), ["all", "bytes", "entries", "none", "prefix", "subset", "torn"]);
});

testWith("Node's modules", "of several changes any may be lost, also where each answer is drawn by its name", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = new SimulatedDisk({ files: { "/log": "----" } });
    const files = filesOf(disk);
    const file = files.openSync("/log", "r+");
    for (const at of [0, 1, 2, 3]) files.writeSync(file, String(at), at);
    disk.powerLoss(losing("subset", (what, count) => hashOf(seed, what) % count));
    seen.add(contentsOf(disk)["/log"]!);
  }
  assertEquals(seen.size, 16);
});
