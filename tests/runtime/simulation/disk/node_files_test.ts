import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { sleep } from "../../../../mod.ts";
import { simulate } from "../../../../testing.ts";
import { hostsFiles, onMachine } from "../../../support/machine_files.ts";
import { testWith } from "../../../support/needs.ts";

/** What a call fails with, as Node tells it. */
async function failureOf(call: () => unknown): Promise<object> {
  const error = await assertRejects(async () => void await call()) as NodeJS.ErrnoException & { dest?: string };
  const { code, syscall, path, dest, message } = error;
  return { code, syscall, message, ...(path === undefined ? {} : { path }), ...(dest === undefined ? {} : { dest }) };
}

testWith("Node's modules", "a machine has its files, and no other's", async () => {
  const seen: string[] = [];
  await simulate(async (sim) => {
    for (const name of ["a", "b"]) {
      sim.machine(name, async () => {
        const { promises } = hostsFiles();
        await promises.writeFile("/own", name);
        await sleep(10);
        seen.push(`${await promises.readFile("/given", "utf8")} ${await promises.readFile("/own", "utf8")}`);
      }, { files: { "/given": `for ${name}` } });
    }
    await sleep(100);
  });
  assertEquals(seen.sort(), ["for a a", "for b b"]);
});

testWith("Node's modules", "calls take time, and relative paths are those of the root", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    const before = performance.now();
    await promises.writeFile("log", "text");
    return { text: await promises.readFile("/log", "utf8"), took: performance.now() > before };
  });
  assertEquals(seen, { text: "text", took: true });
});

testWith("Node's modules", "promises, callbacks, calls at once and streams see one disk", async () => {
  const text = await onMachine(async () => {
    const fs = hostsFiles();
    fs.writeFileSync("/log", "at once, ");
    await fs.promises.appendFile("/log", "promised, ");
    await new Promise<void>((resolve, reject) => {
      fs.appendFile("/log", "called back, ", (error) => error ? reject(error) : resolve());
    });
    const writing = fs.createWriteStream("/log", { flags: "a" });
    await new Promise<void>((resolve, reject) => {
      writing.on("error", reject);
      writing.end("streamed", () => resolve());
    });
    let read = "";
    for await (const chunk of fs.createReadStream("/log", "utf8")) read += chunk;
    return read;
  });
  assertEquals(text, "at once, promised, called back, streamed");
});

testWith("Node's modules", "errors are told as Node tells them", async () => {
  const failures = await onMachine(async () => {
    const { promises } = hostsFiles();
    return [
      await failureOf(() => promises.readFile("/no")),
      await failureOf(() => promises.rename("/no", "/other")),
      await failureOf(() => promises.mkdir("/data")),
      await failureOf(() => promises.rmdir("/data")),
      await failureOf(() => promises.readdir("/data/log")),
      await failureOf(() => promises.open("/data", "w")),
    ];
  }, { "/data/log": "" });
  assertEquals(failures, [
    { code: "ENOENT", syscall: "open", message: "ENOENT: no such file or directory, open '/no'", path: "/no" },
    {
      code: "ENOENT",
      syscall: "rename",
      message: "ENOENT: no such file or directory, rename '/no' -> '/other'",
      path: "/no",
      dest: "/other",
    },
    { code: "EEXIST", syscall: "mkdir", message: "EEXIST: file already exists, mkdir '/data'", path: "/data" },
    { code: "ENOTEMPTY", syscall: "rmdir", message: "ENOTEMPTY: directory not empty, rmdir '/data'", path: "/data" },
    {
      code: "ENOTDIR",
      syscall: "scandir",
      message: "ENOTDIR: not a directory, scandir '/data/log'",
      path: "/data/log",
    },
    {
      code: "EISDIR",
      syscall: "open",
      message: "EISDIR: illegal operation on a directory, open '/data'",
      path: "/data",
    },
  ]);
});

testWith("Node's modules", "an open file reads, writes, syncs and is closed, in all the ways to say so", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    const file = await promises.open("/log", "w+");
    const { bytesWritten } = await file.write("hello ");
    await file.write(new TextEncoder().encode("xworldx"), 1, 5, 6);
    await file.writev([new TextEncoder().encode("!"), new TextEncoder().encode("?")], 11);
    await file.datasync();
    const { bytesRead, buffer } = await file.read(new Uint8Array(5), 0, 5, 6);
    const other = await file.read({ position: 0, buffer: new Uint8Array(5) });
    const own = await file.read({ position: 11 });
    const parts = [new Uint8Array(2), new Uint8Array(3)];
    await file.readv(parts, 0);
    await file.truncate(11);
    await file.sync();
    const { size } = await file.stat();
    const fd = file.fd;
    await file.close();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    return {
      bytesWritten,
      bytesRead,
      texts: [text(buffer), text(other.buffer), text(own.buffer.subarray(0, own.bytesRead)), ...parts.map(text)],
      size,
      fd,
      closed: file.fd,
      failure: await failureOf(() => file.sync()),
    };
  });
  assertEquals(seen, {
    bytesWritten: 6,
    bytesRead: 5,
    texts: ["world", "hello", "!?", "he", "llo"],
    size: 11,
    fd: 3,
    closed: -1,
    failure: { code: "EBADF", syscall: "sync", message: "EBADF: bad file descriptor, sync" },
  });
});

testWith(
  "Node's modules",
  "a write is taken from chunks as they come, and flushed where that is asked for",
  async () => {
    const text = await onMachine(async () => {
      const { promises } = hostsFiles();
      async function* chunks(): AsyncGenerator<string> {
        yield "a";
        await sleep(5);
        yield "b";
      }
      await promises.writeFile("/log", chunks());
      await promises.writeFile("/log", "c", { flag: "a", flush: true });
      return await promises.readFile("/log", { encoding: "utf8" });
    });
    assertEquals(text, "abc");
  },
);

testWith("Node's modules", "an abort ends a write and a read, and closes the file", async () => {
  const failures = await onMachine(async () => {
    const { promises } = hostsFiles();
    const aborted = AbortSignal.abort(new Error("enough"));
    const controller = new AbortController();
    const writing = promises.writeFile("/log", "text", { signal: controller.signal });
    const failed = assertRejects(() => writing);
    controller.abort(new Error("enough"));
    const errors = [await assertRejects(() => promises.readFile("/log", { signal: aborted })), await failed];
    return errors.map((error) => [(error as Error).name, ((error as Error).cause as Error).message].join(" "));
  });
  assertEquals(failures, ["AbortError enough", "AbortError enough"]);
});

testWith("Node's modules", "a reader may see a file empty that is being written", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    const seen = new Set<string>();
    for (let round = 0; round < 50; round++) {
      const writing = promises.writeFile("/log", "new");
      seen.add(await promises.readFile("/log", "utf8"));
      await writing;
      await promises.writeFile("/log", "old");
    }
    return [...seen].sort();
  }, { "/log": "old" });
  assertEquals(seen, ["", "new", "old"]);
});

testWith("Node's modules", "folders are made, listed, walked and removed", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    const first = await promises.mkdir("/a/b/c", { recursive: true });
    await promises.writeFile("/a/b/log", "");
    const temporary = await promises.mkdtemp("/a/run-");
    const types = await promises.readdir("/a/b", { withFileTypes: true });
    const all = await promises.readdir("/a", { recursive: true });
    const opened: string[] = [];
    for await (const entry of await promises.opendir("/a/b")) opened.push(entry.name);
    await promises.rm("/a", { recursive: true });
    await promises.rm("/a", { force: true });
    return {
      first,
      isTemporary: /^\/a\/run-[0-9a-z]{6}$/.test(temporary),
      types: types.map((entry) => `${entry.name} ${entry.isDirectory()} ${entry.parentPath}`),
      all: all.filter((name) => !name.startsWith("run-")),
      opened,
      left: await promises.readdir("/"),
    };
  });
  assertEquals(seen, {
    first: "/a",
    isTemporary: true,
    types: ["c true /a/b", "log false /a/b"],
    all: ["b", "b/c", "b/log"],
    opened: ["c", "log"],
    left: [],
  });
});

testWith("Node's modules", "links are followed, and what is known of a file is told", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    await promises.symlink("data", "/link");
    await promises.link("/data/log", "/data/same");
    await promises.chmod("/data/log", 0o600);
    await promises.utimes("/data/log", 10, 20);
    await promises.copyFile("/data/log", "/copy");
    const stat = await promises.stat("/link/log");
    const big = await promises.stat("/link/log", { bigint: true });
    return [
      await promises.realpath("/link/log"),
      await promises.readlink("/link"),
      (await promises.lstat("/link")).isSymbolicLink(),
      stat.nlink,
      (stat.mode & 0o777).toString(8),
      stat.mtime.getTime(),
      big.size,
      big.isFile(),
      await promises.readFile("/copy", "utf8"),
      await promises.access("/no").then(() => true, () => false),
    ];
  }, { "/data/log": "text" });
  assertEquals(seen, ["/data/log", "data", true, 2, "600", 20_000, 4n, true, "text", false]);
});

testWith("Node's modules", "the calls that call back tell what Node's tell", async () => {
  const seen = await onMachine(() => {
    const fs = hostsFiles();
    const called = (call: (done: (...results: unknown[]) => void) => void): Promise<unknown[]> =>
      new Promise((resolve) => call((...results) => resolve(results)));
    return (async () => {
      const [, file] = await called((done) => fs.open("/log", "w+", done)) as [null, number];
      const bytes = new TextEncoder().encode("text");
      const [, written, from] = await called((done) => fs.write(file, bytes, done));
      const [, read, into] = await called((done) => fs.read(file, new Uint8Array(9), 0, 9, 0, done));
      await called((done) => fs.fsync(file, done));
      await called((done) => fs.close(file, done));
      const [error] = await called((done) => fs.readFile("/no", done));
      const [exists] = await called((done) => fs.exists("/log", done as (is: boolean) => void));
      return [written, from === bytes, read, (into as Uint8Array).byteLength, (error as Error).message, exists];
    })();
  });
  assertEquals(seen, [4, true, 4, 9, "ENOENT: no such file or directory, open '/no'", true]);
});

testWith("Node's modules", "what is made a promise by util.promisify is on the disk too", async () => {
  const seen = await onMachine(async () => {
    const fs = hostsFiles();
    const { promisify } = process.getBuiltinModule("node:util");
    const file = await promisify(fs.open)("/log", "r");
    const { bytesRead } = await promisify(fs.read)(file, new Uint8Array(9), 0, 9, 0);
    return [bytesRead, await promisify(fs.exists)("/log"), await promisify(fs.exists)("/no")];
  }, { "/log": "text" });
  assertEquals(seen, [4, true, false]);
});

testWith("Node's modules", "a watch tells of changes, each some time after it happened", async () => {
  const seen = await onMachine(async () => {
    const fs = hostsFiles();
    const heard: string[] = [];
    const watcher = fs.watch("/data", (event, name) => heard.push(`${event} ${name}`));
    await fs.promises.writeFile("/data/log", "more");
    await fs.promises.rename("/data/log", "/data/old");
    await sleep(10);
    watcher.close();
    await fs.promises.writeFile("/data/late", "");
    await sleep(10);
    return [...new Set(heard)].sort();
  }, { "/data/log": "text" });
  assertEquals(seen, ["change log", "rename log", "rename old"]);
});

testWith("Node's modules", "the changes of a folder can be iterated over", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    const names: (string | null)[] = [];
    setTimeout(() => void promises.mkdir("/data/a/b", { recursive: true }), 5);
    for await (const { filename } of promises.watch("/data", { recursive: true })) {
      names.push(filename);
      if (names.length === 2) break;
    }
    return names.sort();
  }, { "/data/log": "" });
  assertEquals(seen, ["a", "a/b"]);
});

testWith(
  "Node's modules",
  "what a machine was killed in is left as it was by then, and nothing of it goes on",
  async () => {
    const seen = await simulate(async (sim) => {
      const texts: string[] = [];
      const box = sim.machine("box", async ({ life }) => {
        const fs = hostsFiles();
        if (life > 1) return void texts.push(fs.readFileSync("/log", "utf8"));
        for (let line = 0;; line++) await fs.promises.appendFile("/log", `${line};`);
      });
      await sleep(50);
      box.restart();
      await sleep(1);
      return texts;
    });
    assert(/^(\d+;)+$/.test(seen[0]!) && seen.length === 1, JSON.stringify(seen));
  },
);

testWith("Node's modules", "without its power a machine keeps what was synced alone", async () => {
  const seen = await simulate(async (sim) => {
    const texts: string[] = [];
    const box = sim.machine("box", async ({ life }) => {
      const { promises } = hostsFiles();
      if (life === 1) {
        await promises.writeFile("/log", "synced", { flush: true });
        await promises.appendFile("/log", ", not synced");
      } else texts.push(await promises.readFile("/log", "utf8"));
      await sleep(1000);
    }, { files: { "/log": "" } });
    await sleep(50);
    box.kill({ power: true });
    box.restart();
    await sleep(50);
    return texts;
  }, { leaks: "ignore" });
  assertEquals(seen, ["synced"]);
});

testWith("Node's modules", "a body of no machine has no disk", async () => {
  await simulate((sim) => {
    sim.machine("box", () => {});
    assertThrows(() => void hostsFiles().promises.readFile("/log"), Error, "is real I/O");
    assert(hostsFiles().existsSync(process.execPath));
  });
});

testWith("Node's modules", "what a process prints is on no disk", async () => {
  const fails = await onMachine(() => {
    hostsFiles().fstatSync(1);
    return hostsFiles().existsSync(process.execPath);
  });
  assertEquals(fails, false);
});

testWith("Node's modules", "a folder is copied with all that is in it", async () => {
  const seen = await onMachine(async () => {
    const fs = hostsFiles();
    await fs.promises.symlink("log", "/data/link");
    await fs.promises.cp("/data", "/copy/deep", { recursive: true });
    fs.cpSync("/data/log", "/copy/deep/sub/log", { force: false });
    return [
      await fs.promises.readdir("/copy", { recursive: true }),
      fs.readFileSync("/copy/deep/link", "utf8"),
      fs.readFileSync("/copy/deep/sub/log", "utf8"),
      await fs.promises.cp("/data", "/other").catch((error: NodeJS.ErrnoException) => error.code),
    ];
  }, { "/data/log": "text", "/data/sub/log": "more" });
  const names = ["deep", "deep/link", "deep/log", "deep/sub", "deep/sub/log"];
  assertEquals(seen, [names, "text", "more", "ERR_FS_EISDIR"]);
});

testWith("Node's modules", "what a simulated disk has not is refused by name, and reaches no other disk", async () => {
  const error = await assertRejects(() => onMachine(() => hostsFiles().statfsSync("/")));
  assertEquals((error as Error).message.startsWith("fs.statfsSync is not there"), true);
});

testWith("Node's modules", "streams read and write a part of a file, also of one that is open", async () => {
  const seen = await onMachine(async () => {
    const fs = hostsFiles();
    const texts: string[] = [];
    const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
      let text = "";
      for await (const chunk of stream) text += String(chunk);
      texts.push(text);
    };
    await read(fs.createReadStream("/log", { start: 1, end: 3, encoding: "utf8" }));
    await read(fs.createReadStream("", { fd: fs.openSync("/log", "r"), start: 2, highWaterMark: 2 }));
    const file = await fs.promises.open("/log", "r+");
    const writing = file.createWriteStream({ start: 4 });
    await new Promise((resolve) => writing.end("FG", () => resolve(undefined)));
    await read((await fs.promises.open("/log")).readLines());
    const error = await new Promise((resolve) => fs.createReadStream("/no").on("error", resolve));
    texts.push((error as NodeJS.ErrnoException).code!);
    return texts;
  }, { "/log": "abcdefg" });
  assertEquals(seen, ["bcd", "cdefg", "abcdFGg", "ENOENT"]);
});

testWith("Node's modules", "there is a folder for temporary folders", async () => {
  const path = await onMachine(() => hostsFiles().promises.mkdtemp("/tmp/run-"));
  assert(path.startsWith("/tmp/run-"));
});
