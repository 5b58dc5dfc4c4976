import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { hostsFiles, onMachine } from "../../../support/machine_files.ts";
import { thisHost } from "../../../support/this_host.ts";

interface DenoInfo {
  readonly size: number;
  readonly isFile: boolean;
}

interface DenoFile extends Disposable {
  write(bytes: Uint8Array): Promise<number>;
  seek(offset: number, whence: number): Promise<number>;
  read(into: Uint8Array): Promise<number | null>;
  sync(): Promise<void>;
  stat(): Promise<DenoInfo>;
  readonly readable: ReadableStream<Uint8Array>;
  close(): void;
}

/** The part of Deno's own functions that is tested. */
interface DenoFiles {
  readonly errors: Record<string, new () => Error>;
  writeTextFile(path: string, text: string, options?: object): Promise<void>;
  writeTextFileSync(path: string, text: string): void;
  readTextFile(path: string): Promise<string>;
  readFileSync(path: string): Uint8Array;
  open(path: string, options?: object): Promise<DenoFile>;
  mkdir(path: string, options?: object): Promise<void>;
  readDir(path: string): AsyncIterable<{ name: string; isFile: boolean }>;
  remove(path: string, options?: object): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  stat(path: string): Promise<DenoInfo>;
  makeTempDir(): Promise<string>;
}

interface BunFile {
  text(): Promise<string>;
  json(): Promise<unknown>;
  exists(): Promise<boolean>;
  readonly size: number;
}

interface BunFiles {
  file(path: string): BunFile;
  write(path: string, data: unknown): Promise<number>;
}

const { Deno, Bun } = globalThis as unknown as { Deno: DenoFiles; Bun: BunFiles };

test("Deno's own functions see the disk, and fail as Deno's do", {
  skip: thisHost() !== "deno" && "no other host has them",
}, async () => {
  const seen = await onMachine(async () => {
    await Deno.writeTextFile("/log", "one");
    await Deno.writeTextFile("/log", " two", { append: true });
    Deno.writeTextFileSync("/other", "more");
    await Deno.mkdir("/a/b", { recursive: true });
    await Deno.rename("/other", "/a/b/other");
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir("/")) names.push(`${name} ${isFile}`);
    const file = await Deno.open("/log", { read: true, write: true });
    await file.seek(0, 2);
    await file.write(new TextEncoder().encode(" three"));
    await file.sync();
    await file.seek(4, 0);
    const into = new Uint8Array(3);
    await file.read(into);
    const { size } = await file.stat();
    file.close();
    const streamed = await new Response((await Deno.open("/log")).readable).text();
    const error = await Deno.stat("/no").catch((error: Error) => error) as Error;
    await Deno.remove("/a", { recursive: true });
    return {
      text: await Deno.readTextFile("/log"),
      node: hostsFiles().readFileSync("/log", "utf8"),
      bytes: Deno.readFileSync("/log").byteLength,
      names,
      part: new TextDecoder().decode(into),
      size,
      streamed,
      error: [error instanceof Deno.errors["NotFound"]!, error.message],
      temporary: (await Deno.makeTempDir()).startsWith("/tmp/"),
      left: hostsFiles().readdirSync("/"),
    };
  });
  assertEquals(seen, {
    text: "one two three",
    node: "one two three",
    bytes: 13,
    names: ["a false", "log true"],
    part: "two",
    size: 13,
    streamed: "one two three",
    error: [true, "No such file or directory (os error 2): stat '/no'"],
    temporary: true,
    left: ["log", "tmp"],
  });
});

test("Bun.file and Bun.write see the disk", { skip: thisHost() !== "bun" && "no other host has them" }, async () => {
  const seen = await onMachine(async () => {
    const written = await Bun.write("/a/b.json", `{"one":1}`);
    await Bun.write("/copy", Bun.file("/a/b.json"));
    const file = Bun.file("/a/b.json");
    const missing = await Bun.file("/no").text().catch((error: NodeJS.ErrnoException) => error.code);
    return [
      written,
      file.size,
      await file.json(),
      await file.exists(),
      await Bun.file("/no").exists(),
      await Bun.file("/copy").text(),
      hostsFiles().readFileSync("/copy", "utf8"),
      missing,
    ];
  });
  assertEquals(seen, [9, 9, { one: 1 }, true, false, `{"one":1}`, `{"one":1}`, "ENOENT"]);
});

test(
  "where a simulation has ended the host's own files are there again",
  { skip: thisHost() === "browser" && "a page has no files" },
  async () => {
    const { promises } = hostsFiles();
    const before = promises.readFile;
    await onMachine(() => promises.readFile("/log"), { "/log": "" });
    assert(promises.readFile === before);
    assert(hostsFiles().existsSync(process.execPath));
  },
);
