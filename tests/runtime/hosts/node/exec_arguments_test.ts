import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { startWithInherited } from "../../../../runtime/hosts/node/exec_arguments.ts";
import { thrownBy } from "../../../support/errors.ts";

/** What a thread is started with in a process with these flags, of which Node refuses some. */
function given(flags: string[], refused: readonly string[] = []): string[] {
  const before = Object.getOwnPropertyDescriptor(process, "execArgv")!;
  Object.defineProperty(process, "execArgv", { value: flags, configurable: true, writable: true });
  try {
    return startWithInherited((execArgv) => {
      const wrong = refused.filter((flag) => execArgv.includes(flag.split(" ")[0]!));
      if (wrong.length === 0) return execArgv;
      const error = new Error(`Initiated Worker with invalid execArgv flags: ${wrong.join(", ")}`);
      throw Object.assign(error, { code: "ERR_WORKER_INVALID_EXEC_ARGV" });
    });
  } finally {
    Object.defineProperty(process, "execArgv", before);
  }
}

const kept: readonly string[][] = [
  ["--import", "x"],
  ["--import=x"],
  ["-r", "x"],
  ["--require", "x"],
  ["--require=x"],
  ["-C", "x"],
  ["--conditions", "x"],
  ["--conditions=x"],
  ["--loader", "x"],
  ["--experimental-loader=x"],
  ["--enable-source-maps"],
  ["--no-warnings"],
  ["--disable-warning", "X"],
  ["--disable-warning=X"],
  ["--experimental-vm-modules"],
  ["--experimental-strip-types"],
  ["--env-file", "x"],
  ["--env-file=x"],
  ["--unhandled-rejections", "warn"],
  ["--trace-warnings"],
  ["--cpu-prof"],
];

/** They say where the program comes from, or what is to be done with it; a value goes with its flag. */
const left: readonly string[][] = [
  ["-e", "code"],
  ["--eval", "code"],
  ["--eval=code"],
  ["-p", "code"],
  ["-pe", "code"],
  ["--print", "code"],
  ["-c"],
  ["--check"],
  ["-i"],
  ["--interactive"],
  ["--input-type", "module"],
  ["--input-type=module"],
  ["--entry-url"],
  ["--run", "x"],
  ["--test"],
  ["--test-only"],
  ["--test-name-pattern", "x"],
  ["--test-reporter=x"],
  ["--watch"],
  ["--watch-path", "x"],
  ["--watch-preserve-output"],
  ["--inspect"],
  ["--inspect=0"],
  ["--inspect-brk"],
  ["--inspect-wait=127.0.0.1:1"],
  ["--inspect-port", "0"],
  ["--build-snapshot"],
  ["--snapshot-blob", "x"],
];

test("a flag of the process reaches its threads with its value, in each spelling", () => {
  for (const flag of kept) {
    assertEquals(given(["--no-addons", ...flag, "--no-addons"]), ["--no-addons", ...flag, "--no-addons"]);
  }
  assertEquals(given(kept.flat()), kept.flat());
});

test("a flag that says where the process's program comes from is left out, with its value", () => {
  for (const flag of left) {
    assertEquals(given(["--import", "a", ...flag, "-r", "b"]), ["--import", "a", "-r", "b"], flag.join());
  }
  assertEquals(given(left.flat()), []);
});

test("what Node refuses is left out flag by flag, whatever stands between", () => {
  const flags = ["--expose-gc", "--import", "a, b", "--max-old-space-size=9", "-r", "c", "--title", "x"];
  assertEquals(given(flags, ["--max-old-space-size=9", "--expose-gc"]), [
    "--import",
    "a, b",
    "-r",
    "c",
    "--title",
    "x",
  ]);
  // One after the other, and with a value.
  assertEquals(given(["--title", "x", "--import", "a"], ["--title"]), ["--import", "a"]);
  assertEquals(given(["--watchful", "--import", "a"], ["--watchful requires specifying a file"]), ["--import", "a"]);
});

test("a refusal that names no flag leaves all out, and another error is thrown", () => {
  assertEquals(given(["--import", "a"], ["--import together with others"]), []);
  const error = new Error("no thread");
  assertStrictEquals(
    thrownBy(() =>
      startWithInherited(() => {
        throw error;
      })
    ),
    error,
  );
});
