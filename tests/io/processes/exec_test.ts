import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { exec, ExitError } from "../../../io/mod.ts";
import { all, Cancelled, CancelScope, group, sleep, TimeoutError } from "../../../mod.ts";
import { run, start } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";
import { openPaths } from "../../support/folder.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";

/** Does a process with this number run? A zombie that nobody has waited for yet does not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    await body(join(folder, "file"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Waits for a number in a file. */
async function numberIn(path: string): Promise<number> {
  const read = () => existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  await until(() => read() > 0, "the program has written its number");
  return read();
}

test("exec gives what a program printed and how it ended", async () => {
  const result = await exec("sh", ["-c", "echo out; echo err >&2; exit 0"]);
  assertEquals([result.exitCode, result.signal], [0, null]);
  assertEquals(result.text(), "out\n");
  assertEquals(new TextDecoder().decode(result.stderr), "err\n");
  assertEquals((await exec("printf", ["a\\nb\\n"])).lines(), ["a", "b"]);
});

test("arguments reach the program as they are, and so do folder and environment", async () => {
  const args = ["a b", "$HOME", "'\"", "*", ";ls", ""];
  assertEquals((await exec("printf", ["%s|", ...args])).text(), args.map((arg) => arg + "|").join(""));
  assertEquals((await exec("pwd", [], { cwd: "/" })).text(), "/\n");
  const environment = (await exec("/usr/bin/env", [], { env: { A: "b" } })).text();
  // Where coverage is measured, Node hands that on whatever it is told.
  assertEquals(environment.replace(/^NODE_V8_COVERAGE=.*\n/m, ""), "A=b\n");
});

test("another exit code than 0, or a signal, is an ExitError with all there is, or data", async () => {
  const error = await assertRejects(() => exec("sh", ["-c", "echo out; echo why >&2; exit 3"]), ExitError, "3");
  assertEquals([error.exitCode, error.signal, error.result.text()], [3, null, "out\n"]);
  assert(error.message.endsWith("why"), error.message);
  const killed = await assertRejects(() => exec("sh", ["-c", "kill -9 $$"]), ExitError, "SIGKILL");
  assertEquals([killed.exitCode, killed.signal], [null, "SIGKILL"]);
  assertEquals((await exec("sh", ["-c", "exit 3"], { check: false })).exitCode, 3);
});

test("what a program has printed cannot steer the terminal of who reads the error", async () => {
  const script = "printf 'a\\033[2Jb\\rc\\302\\233d' >&2; exit 1";
  const error = await assertRejects(() => exec("sh", ["-c", script]), ExitError);
  assert(error.message.endsWith("a\\u001b[2Jb\\u000dc\\u009bd"), error.message);
});

test("a program that is not there is an error with the system's code", async () => {
  const error = await assertRejects(() => exec("no-such-program"), Error, "no-such-program");
  assertEquals((error as { code?: string }).code, "ENOENT");
  const refused = await assertRejects(() => exec("/etc/passwd"), Error);
  assertEquals((refused as { code?: string }).code, "EACCES");
});

test("a program that is not there does not hold the process that would have run it", async () => {
  const { code, stdout } = await run("tests/io/processes/programs/not_there.ts", [], { timeout: 40_000 });
  assertEquals([code, stdout], [0, "ENOENT\n"]);
});

test("wrong arguments throw at the call", () => {
  assertThrows(() => exec("" as never), TypeError);
  assertThrows(() => exec("a", "b" as never), TypeError);
  assertThrows(() => exec("a", [1 as never]), TypeError);
  assertThrows(() => exec("a", ["b\0c"]), TypeError);
  assertThrows(() => exec("a", [], { cwd: "b\0c" }), TypeError, "NUL");
  assertThrows(() => exec("a", [], { cwd: 3 as never }), TypeError);
  assertThrows(() => exec("a", [], { env: { A: "b\0C=d" } }), TypeError, "NUL");
  assertThrows(() => exec("a", [], { env: { "A=b": "c" } }), TypeError, "A=b");
  assertThrows(() => exec("a", [], { env: { "": "c" } }), TypeError);
  assertThrows(() => exec("a", [], { env: { A: 1 as never } }), TypeError);
  assertThrows(() => exec("a", [], { timeout: -1 }), RangeError);
  assertThrows(() => exec("a", [], { stdout: "nope" as never }), TypeError);
  assertThrows(() => exec("a", [], { input: 3 as never }), TypeError);
});

test("input is a text, bytes, or comes piece by piece", async () => {
  const big = "x".repeat(1_000_000);
  assertEquals((await exec("cat", [], { input: big })).text().length, big.length);
  assertEquals((await exec("cat", [], { input: new Uint8Array([104, 105]) })).text(), "hi");
  let closed = false;
  async function* pieces() {
    try {
      for (let index = 0; index < 3; index++) {
        await sleep(1);
        yield new TextEncoder().encode(`${index}\n`);
      }
    } finally {
      closed = true;
    }
  }
  assertEquals((await exec("cat", [], { input: pieces() })).lines(), ["0", "1", "2"]);
  assert(closed, "the input was not closed");
  // A program that does not read its input is no error.
  assertEquals((await exec("true", [], { input: big })).exitCode, 0);
});

test("input without end, and input that never comes, end with the program", async () => {
  let closed = 0;
  async function* endless() {
    try {
      for (;;) yield new Uint8Array(100_000);
    } finally {
      closed++;
    }
  }
  assertEquals((await exec("head", ["-c", "10"], { input: endless() })).stdout.byteLength, 10);
  assertEquals((await exec("true", [], { input: endless() })).exitCode, 0);
  assertEquals(closed, 2);
  const never: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
  };
  assertEquals((await exec("true", [], { input: never })).exitCode, 0);
});

test("what is left running and ignores SIGTERM is killed after the grace, and the result is what was printed", async () => {
  await withFile(async (path) => {
    const script = `trap '' TERM; sleep 600 & echo $! > ${path}; echo started`;
    const result = await exec("sh", ["-c", script], { grace: 50 });
    assertEquals(result.text(), "started\n");
    await until(() => !runs(Number(readFileSync(path, "utf8"))), "the one left running is gone");
  });
});

test("output is the bytes that were printed, on both streams at once, and a program is held up by who takes them", async () => {
  const script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; printf '\\377\\000'";
  const { stdout, stderr } = await exec("sh", ["-c", script]);
  assertEquals([stdout.byteLength, stderr.byteLength, ...stdout.subarray(-2)], [3_000_002, 3_000_000, 255, 0]);
  const first = latch();
  const go = latch();
  await withFile(async (path) => {
    const running = exec("sh", ["-c", `head -c 10000000 /dev/zero; echo done > ${path}`], {
      stdout: async () => {
        first.open();
        await go.promise;
      },
    });
    await first.promise;
    // What it printed does not fit into pipe and buffers: it waits, however long.
    for (let turn = 0; turn < 100; turn++) await sleep(0);
    assert(!existsSync(path), "nothing held it up");
    go.open();
    await running;
    assert(existsSync(path));
  });
});

test("input that fails ends the program and is thrown", async () => {
  const bug = new Error("bug");
  async function* broken() {
    yield new Uint8Array(1);
    throw bug;
  }
  assertStrictEquals(await assertRejects(() => exec("cat", [], { input: broken() })), bug);
});

test("output goes to a function that holds the program up; what it throws ends the program", async () => {
  let length = 0;
  let atOnce = 0;
  const { stdout } = await exec("head", ["-c", "500000", "/dev/zero"], {
    stdout: async (chunk) => {
      assertEquals(++atOnce, 1);
      await sleep(0);
      length += chunk.byteLength;
      atOnce--;
    },
  });
  assertEquals([length, stdout.byteLength], [500_000, 0]);
  const bug = new Error("bug");
  const failing = () =>
    exec("yes", [], {
      stdout: () => {
        throw bug;
      },
    });
  assertStrictEquals(await assertRejects(failing), bug);
});

test("more output than maxBytes is an error, and the program is ended", async () => {
  await assertRejects(() => exec("yes", [], { maxBytes: 10_000 }), RangeError, "10000");
  assertEquals((await exec("printf", ["0123456789"], { maxBytes: 10 })).text(), "0123456789");
});

test("a timeout ends the program and rejects with TimeoutError when it is gone", async () => {
  await withFile(async (path) => {
    const running = exec("sh", ["-c", `echo $$ > ${path}; sleep 600`], { timeout: 1000 });
    const pid = await numberIn(path);
    const error = await assertRejects(() => running, TimeoutError);
    assertEquals(error.timeout, 1000);
    assert(!runs(pid), "the program has outlived its timeout");
  });
});

test("a cancellation ends the program and all that it has started before it is thrown", async () => {
  await withFile(async (path) => {
    let seen: unknown;
    await group(async (g) => {
      g.spawn(async () => {
        try {
          await exec("sh", ["-c", `sleep 600 & echo $! > ${path}; wait`]);
        } catch (error) {
          // Its output has ended; the system may still be taking it away.
          await until(() => !runs(Number(readFileSync(path, "utf8"))), "the program's child is gone");
          seen = error;
          throw error;
        }
      });
      await numberIn(path);
      g.cancel();
    });
    assertInstanceOf(seen, Cancelled);
  });
});

test("a program that ignores SIGTERM gets SIGKILL after the grace", async () => {
  await withFile(async (path) => {
    const scope = new CancelScope();
    await scope.run(async () => {
      const script = `trap '' TERM; echo $$ > ${path}; while :; do sleep 0.05; done`;
      const running = exec("sh", ["-c", script], { grace: 50 });
      const pid = await numberIn(path);
      assert(runs(pid), "it does not run");
      scope.cancel();
      try {
        await running;
      } finally {
        await until(() => !runs(pid), "the program is gone");
      }
    });
    assert(scope.cancelCaught);
  });
});

test("what a program leaves running when it exits is ended", async () => {
  await withFile(async (path) => {
    const { text } = await exec("sh", ["-c", `sleep 600 & echo $! > ${path}; echo done`]).then((it) => ({
      text: it.text(),
    }));
    assertEquals(text, "done\n");
    const pid = Number(readFileSync(path, "utf8"));
    await until(() => !runs(pid), "the one left running is gone");
  });
});

test("what is left running and holds no output is ended too, and exec waits for that no longer than the grace", async () => {
  await withFile(async (path) => {
    // It ignores SIGTERM, has stopped itself, or is no more than asked to end.
    for (
      const [inner, grace] of [["trap '' TERM; sleep 600", 50], ["kill -STOP $$; sleep 600", 20_000], [
        "sleep 600",
        20_000,
      ]] as const
    ) {
      const script = `sh -c "${inner.replace("$$", "\\$\\$")}" >/dev/null 2>&1 & echo $! > ${path}; sleep 0.1`;
      await exec("sh", ["-c", script], { grace });
      assert(!runs(await numberIn(path)), `still there: ${inner}`);
    }
  });
});

test("what has begun a session of its own escapes, and is waited for no longer than the grace though it holds the output", async () => {
  await withFile(async (path) => {
    const script =
      `setsid sh -c 'echo $$ > ${path}; exec sleep 600' & while [ ! -s ${path} ]; do sleep 0.01; done; echo out`;
    const result = await exec("sh", ["-c", script], { grace: 50 });
    const pid = await numberIn(path);
    try {
      assertEquals([result.text(), runs(pid)], ["out\n", true]);
    } finally {
      process.kill(pid, "SIGKILL");
    }
  });
});

test("a program whose leader is gone is never signalled again once nobody is left", async () => {
  const kill = process.kill;
  const sent: [number, unknown][] = [];
  process.kill = (pid, signal) => {
    sent.push([pid, signal]);
    return kill(pid, signal);
  };
  try {
    await exec("true", [], { grace: 0 });
    const before = sent.length;
    assert(before > 0);
    await sleep(5);
    assertEquals(sent.length, before);
  } finally {
    process.kill = kill;
  }
});

test("a program that ends is taken away: after many calls there is no zombie", async () => {
  for (let round = 0; round < 10; round++) {
    await all(Array.from({ length: 10 }, () => () => exec("true")));
  }
  const zombies = () =>
    readdirSync("/proc").filter((name) => {
      try {
        return new RegExp(`\\) Z ${process.pid} `).test(readFileSync(`/proc/${name}/stat`, "utf8"));
      } catch {
        return false;
      }
    });
  await until(() => zombies().length === 0, "no zombie is left");
});

test("a second signal, an exit and an error that nobody catches end the programs with the process, at once", async () => {
  for (const way of ["signals", "exit", "exit of the host", "error", "rejection"]) {
    const program = start(join(root, "tests/io/processes/programs/ends.ts"), [way]);
    const [, ...pids] = await program.waitFor(/PID (\d+) (\d+)/);
    for (let count = 0; way === "signals" && count < 2; count++) {
      program.signal("SIGTERM");
      // Two signals of one kind at once would be one.
      await sleep(50);
    }
    await program.ended;
    for (const pid of pids) await until(() => !runs(Number(pid)), `${way}: ${pid} is gone`);
  }
});

test("a program is given none of the files that are open here", async () => {
  const file = openSync("LICENSE", "r");
  try {
    // The shell opens and closes one itself, to look.
    const text = (await exec("sh", ["-c", "readlink /proc/$$/fd/*; true"])).text();
    assert(!text.includes("LICENSE"), text);
  } finally {
    closeSync(file);
  }
});

test("output that comes byte by byte is joined, and its bound holds", async () => {
  const bytes = (await exec("dd", ["if=/dev/zero", "bs=1", "count=20000", "status=none"])).stdout;
  assertEquals([bytes.byteLength, bytes.buffer.byteLength], [20_000, 20_000]);
  const tooLong = () => exec("dd", ["if=/dev/zero", "bs=1", "status=none"], { maxBytes: 1000 });
  await assertRejects(tooLong, RangeError, "1000");
});

test("an argument list that the system refuses is an error like a program that is not there", async () => {
  const error = await assertRejects(() => exec("true", ["x".repeat(3_000_000)]), Error, "Cannot run true");
  assert(error.message.length < 1000);
});

test("an aborted signal ends the program, and its reason is thrown itself", async () => {
  const reason = new Error("mine");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 20);
  assertStrictEquals(await assertRejects(() => exec("sleep", ["600"], { signal: controller.signal })), reason);
  assertStrictEquals(await assertRejects(() => exec("sleep", ["600"], { signal: controller.signal })), reason);
});

test("no pipe is left open", async () => {
  await exec("true");
  const before = openPaths("pipe:").length;
  await all(Array.from({ length: 5 }, () => () => exec("cat", [], { input: "x" })));
  await assertRejects(() => exec("yes", [], { maxBytes: 10 }));
  await until(() => openPaths("pipe:").length <= before, "the pipes are closed");
});

test("in a cancelled scope no program is started", async () => {
  await withFile(async (path) => {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await exec("touch", [path]);
    });
    assertEquals([scope.cancelCaught, existsSync(path)], [true, false]);
    assertEquals(process.exitCode ?? 0, 0);
  });
});
