import { appendFileSync, closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { watch, type WatchEvent, writeFile } from "../../../io/mod.ts";
import { CancelScope, group, sleep } from "../../../mod.ts";
import { withAdvice } from "../../../runtime/system/watch_folder.ts";
import { withFolder } from "../../support/folder.ts";
import { within } from "../../support/within.ts";

/** Takes events until there is the one that is wanted; the others may be late news of what was before. */
async function expect(events: AsyncIterable<WatchEvent>, kind: string, path: string): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) throw new Error(`The watch ended before it told ${kind} of ${path}`);
    if (value.kind === kind && value.path === path) return;
  }
}

test("watch tells of what is new, changed, renamed and removed in a folder", async () => {
  await withFolder(async (folder) => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    const events = watch(folder);
    writeFileSync(a, "1");
    await expect(events, "change", a);
    appendFileSync(a, "2");
    await expect(events, "change", a);
    renameSync(a, b);
    const both = [(await events.next()).value!, (await events.next()).value!];
    assert(both.some(({ kind, path }) => kind === "remove" && path === a), JSON.stringify(both));
    rmSync(b);
    await expect(events, "remove", b);
    await events.return!();
    assertEquals(await events.next(), { done: true, value: undefined });
  });
});

test("what happens to a path until it is taken is told once", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    const events = watch(folder, { delay: 0 });
    for (let index = 0; index < 50; index++) writeFileSync(path, String(index));
    rmSync(path);
    writeFileSync(join(folder, "b"), "");
    const told: WatchEvent[] = [];
    for await (const event of events) {
      told.push(event);
      if (event.path.endsWith("b")) break;
    }
    assert(told.length < 10, `${told.length} events`);
    assert(told.some(({ kind, path: other }) => kind === "remove" && other === path), JSON.stringify(told));
  });
});

test("a file is watched by its name, also when another is put in its place", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    writeFileSync(path, "1");
    const events = watch(path);
    writeFileSync(join(folder, "beside"), "");
    for (const content of ["2", "3"]) {
      await writeFile(path, content, { atomic: true });
      assertEquals((await events.next()).value, { kind: "change", path });
    }
    rmSync(path);
    await expect(events, "remove", path);
    writeFileSync(path, "again");
    await expect(events, "change", path);
    await events.return!();
  });
});

test("with recursive the folders below are watched too", async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, "sub", "deep"), { recursive: true });
    const events = watch(folder, { recursive: true });
    const path = join(folder, "sub", "deep", "a");
    await group(async (g) => {
      // Node 20 sets its watches up while the loop goes on.
      g.spawn(async () => {
        for (;;) {
          writeFileSync(path, "1");
          await sleep(20);
        }
      }, { daemon: true });
      await expect(events, "change", path);
    });
    await events.return!();
  });
});

test("with recursive a folder that is made and filled at once is told with what is in it, and watched from then on", async () => {
  await withFolder(async (folder) => {
    const events = watch(folder, { recursive: true });
    // Node 20 sets its watches up while the loop goes on.
    await sleep(50);
    const path = join(folder, "sub", "deep", "a");
    mkdirSync(join(folder, "sub", "deep"), { recursive: true });
    writeFileSync(path, "1");
    writeFileSync(join(folder, "sub", "b"), "1");
    const told: string[] = [];
    for (const name of ["sub", "sub/b", "sub/deep", "sub/deep/a"].map((name) => join(folder, name))) {
      while (!told.includes(name)) told.push((await within(events.next(), `${name} is told`)).value!.path);
    }
    await group(async (g) => {
      g.spawn(async () => {
        for (;;) {
          appendFileSync(path, "2");
          await sleep(20);
        }
      }, { daemon: true });
      await within(expect(events, "change", path), "the file is watched");
    });
    await events.return!();
  });
});

test("when the folder itself is renamed, the watch ends with its removal", async () => {
  await withFolder(async (outer) => {
    for (const recursive of [false, true]) {
      const folder = join(outer, `name ${recursive}`);
      mkdirSync(folder);
      const events = watch(folder, { recursive });
      await sleep(50);
      renameSync(folder, join(outer, `other ${recursive}`));
      let last: WatchEvent | undefined;
      await within(
        (async () => {
          for await (const event of events) last = event;
        })(),
        "the watch has ended",
      );
      assertEquals(last, { kind: "remove", path: folder });
    }
  });
});

test("the removal of the folder itself is the last event", async () => {
  await withFolder(async (outer) => {
    const folder = join(outer, "name");
    mkdirSync(join(folder, "name"), { recursive: true });
    const events = watch(folder);
    rmSync(folder, { recursive: true });
    let last: WatchEvent | undefined;
    for await (const event of events) last = event;
    assertEquals(last, { kind: "remove", path: folder });
  });
});

test("more paths than the queue holds end in an overflow, after those that were kept", async () => {
  await withFolder(async (folder) => {
    const events = watch(folder, { queueLimit: 3, delay: 50 });
    for (let index = 0; index < 20; index++) writeFileSync(join(folder, `f${index}`), "");
    const told: WatchEvent[] = [];
    for await (const event of events) {
      told.push(event);
      if (event.kind === "overflow") break;
    }
    assertEquals(told.at(-1), { kind: "overflow", path: folder });
    assert(told.length <= 10, `${told.length} events`);
  });
});

test("a watch ends by its scope and by its signal, with the reason itself", async () => {
  await withFolder(async (folder) => {
    const scope = new CancelScope();
    const events = watch(folder);
    await scope.run(async () => {
      const next = events.next();
      await sleep(0);
      scope.cancel();
      await next;
    });
    assert(scope.cancelCaught);
    assertEquals((await events.next()).done, true);
    const controller = new AbortController();
    const reason = new Error("mine");
    const aborted = watch(folder, { signal: controller.signal });
    const next = aborted.next();
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => next), reason);
    const { signal } = controller;
    assertStrictEquals(await assertRejects(() => watch(folder, { signal }).next()), reason);
    await group(async (g) => {
      g.spawn(async () => {
        for await (const _ of watch(folder)) throw new Error("nothing happens");
      });
      await sleep(0);
      g.cancel();
    });
  });
});

test("a storm of changes, of which the host loses some, ends in an overflow; a hundred at once do not", async () => {
  for (const count of [100, 20_000]) {
    await withFolder(async (folder) => {
      const events = watch(folder);
      // Node 20 sets a watch up while the loop goes on.
      await sleep(20);
      const files = Array.from({ length: 100 }, (_, index) => openSync(join(folder, `f${index}`), "w"));
      // One after the other: the same change twice is one event.
      for (let index = 0; index < count; index++) writeSync(files[index % files.length]!, "x");
      for (const file of files) closeSync(file);
      writeFileSync(join(folder, "last"), "x");
      const told: WatchEvent[] = [];
      for await (const event of events) {
        told.push(event);
        if (event.kind === "overflow" || (count === 100 && event.path.endsWith("last"))) break;
      }
      const last = told.at(-1)!;
      if (count === 100) assertEquals([last.path, told.length], [join(folder, "last"), 101]);
      else assertEquals(last, { kind: "overflow", path: folder });
    });
  }
});

test("a limit of the system is an error that says which one is to be raised, whatever the host calls it", () => {
  const errors: [object, string, string][] = [
    [
      { code: "ENOSPC", message: "ENOSPC: System limit for number of file watchers reached" },
      "ENOSPC",
      "max_user_watches",
    ],
    [{ message: 'OS file watch limit reached. about ["/a"]' }, "ENOSPC", "max_user_watches"],
    [{ code: "EMFILE", message: "EMFILE: too many open files" }, "EMFILE", "max_user_instances"],
    [{ message: "Too many open files (os error 24)" }, "EMFILE", "max_user_instances"],
  ];
  for (const [error, code, advice] of errors) {
    const advised = withAdvice(error, "/a") as Error & { code: string };
    assertEquals([advised.code, advised.cause], [code, error]);
    assert(advised.message.includes(advice) && advised.message.includes("/a"), advised.message);
  }
  const other = Object.assign(new Error("EACCES"), { code: "EACCES" });
  assertStrictEquals(withAdvice(other, "/a"), other);
});

test("what is not there is an error of the iteration, and wrong arguments throw at the call", async () => {
  await withFolder(async (folder) => {
    const error = await assertRejects(() => watch(join(folder, "none")).next(), Error);
    assertEquals((error as { code?: string }).code, "ENOENT");
  });
  assertThrows(() => watch(3 as never), TypeError);
  assertThrows(() => watch(".", { recursive: 1 as never }), TypeError);
  assertThrows(() => watch(".", { delay: -1 }), RangeError);
  assertThrows(() => watch(".", { queueLimit: 0 }), RangeError);
  assertThrows(() => watch(".", { signal: {} as never }), TypeError);
});
