/** Which lines of a stack are the library's own: as each engine writes them, and wherever the library lies. */

import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { group } from "../../../mod.ts";
import { callerIn, isOwnFrame, isUserFrame, OwnFrames } from "../../../runtime/basics/own_frames.ts";
import { testWith } from "../../support/needs.ts";

/** A place of the library, and lines of stacks by whose they are. */
interface Case {
  what: string;
  /** What `import.meta.url` is in the module. */
  url: string | undefined;
  own: string[];
  users: string[];
}

/** The frames that a module of each engine has at a place. */
function framesAt(place: string): string[] {
  return [
    `    at ${place}:1:2`,
    `    at f (${place}:1:2)`,
    `    at async f (${place}:1:2)`,
    `    at async ${place}:1:2`,
    `    at new Some (${place}:1:2)`,
    `    at Some.#f [as g] (${place}:1:2)`,
    `    at get a (b) (${place}:1:2)`,
    `    at <anonymous> (${place}:1:2)`,
    `f@${place}:1:2`,
    `async f@${place}:1:2`,
    `f/<@${place}:1:2`,
    `@${place}:1:2`,
    `${place}:1:2`,
  ];
}

const inRoot = [
  "runtime/host.ts",
  "runtime/basics/own_frames.ts",
  "scheduler/workers/caller_stack.ts",
  "scheduler/some/folder/of/any/depth.js",
  "io/mod.js",
  "mod.ts",
  "worker.js",
  "testing.mjs",
];
const besides = [
  "tests/scheduler/tasks/teardown_test.ts",
  "bench/turn.ts",
  "examples/search/main.ts",
  "docs/programs/pool.ts",
  "tests/runtime/basics/own_frames_test.ts",
  "tests/io/mod.ts",
  "model.ts",
  "mod_test.ts",
  "mod.test.ts",
  "src/mod.ts",
  "node_modules/runtime/index.js",
];

const cases: Case[] = [
  {
    what: "a checkout, by URL as Node and Deno write it and by path as Bun does",
    url: "file:///home/me/millrace/runtime/basics/own_frames.ts",
    own: inRoot.flatMap((name) => [`file:///home/me/millrace/${name}`, `/home/me/millrace/${name}`]).flatMap(framesAt),
    users: [
      ...besides.flatMap((name) => [`file:///home/me/millrace/${name}`, `/home/me/millrace/${name}`]),
      "file:///home/me/app/runtime/host.ts",
      "/home/me/app/scheduler/loop.ts",
      "/home/me/millrace2/scheduler/loop.ts",
    ].flatMap(framesAt),
  },
  {
    what: "a root whose path is the end of another's, or a part of it",
    url: "file:///app/runtime/basics/own_frames.js",
    own: framesAt("/app/io/mod.js"),
    users: [
      "/srv/app/io/mod.js",
      "file:///srv/app/io/mod.js",
      "/app/web/app/io/mod.js",
      "/srv/@/app/io/mod.js",
      "file:///srv/@/app/io/mod.js",
      "C:\\srv\\@\\app\\io\\mod.js",
    ].flatMap(framesAt),
  },
  {
    what: "an installed package",
    url: "file:///home/me/app/node_modules/@millrace/millrace/runtime/basics/own_frames.js",
    own: [
      "file:///home/me/app/node_modules/@millrace/millrace/scheduler/loop.js",
      "/home/me/app/node_modules/@millrace/millrace/mod.js",
    ].flatMap(framesAt),
    users: [
      "file:///home/me/app/scheduler/loop.js",
      "/home/me/app/mod.js",
      "/home/me/app/node_modules/@millrace/other/scheduler/loop.js",
    ].flatMap(framesAt),
  },
  {
    what: "a folder with spaces, brackets, signs and letters that a URL encodes",
    url: "file:///home/me/ein%20Ordner%20%C3%BC%20(1)%20%23100%25%20a%2520b+[x]/runtime/basics/own_frames.ts",
    own: [
      "file:///home/me/ein%20Ordner%20%C3%BC%20(1)%20%23100%25%20a%2520b+[x]/io/walk.ts",
      "file:///home/me/ein Ordner ü (1) #100% a%20b+[x]/io/walk.ts",
      "/home/me/ein Ordner ü (1) #100% a%20b+[x]/io/walk.ts",
    ].flatMap(framesAt),
    users: [
      "/home/me/ein Ordner ü (1) #100% a%20b+[x]/tests/io/walk.ts",
      "file:///home/me/ein%20Ordner%20%C3%BC%20(1)%20%23100%25%20a%2520b+[x]/main.ts",
      "/home/me/ein Ordner ü (1) #100% a b+[x]/io/walk.ts",
      "file:///home/me/100%/io/walk.ts",
    ].flatMap(framesAt),
  },
  {
    what: "a drive of Windows, by its letter in either case",
    url: "file:///C:/Users/me/my%20app/node_modules/@millrace/millrace/runtime/basics/own_frames.js",
    own: [
      "file:///C:/Users/me/my%20app/node_modules/@millrace/millrace/scheduler/loop.js",
      "C:\\Users\\me\\my app\\node_modules\\@millrace\\millrace\\scheduler\\loop.js",
      "c:\\Users\\me\\my app\\node_modules\\@millrace\\millrace\\mod.js",
      "C:/Users/me/my app/node_modules/@millrace/millrace/io/mod.js",
    ].flatMap(framesAt),
    users: [
      "file:///C:/Users/me/my%20app/scheduler/loop.js",
      "C:\\Users\\me\\my app\\mod.js",
      "D:\\Users\\me\\my app\\node_modules\\@millrace\\millrace\\scheduler\\loop.js",
    ].flatMap(framesAt),
  },
  {
    what: "a share of a Windows network",
    url: "file://server/share/millrace/runtime/basics/own_frames.ts",
    own: ["file://server/share/millrace/scheduler/loop.ts", "\\\\server\\share\\millrace\\scheduler\\loop.ts"]
      .flatMap(framesAt),
    users: ["file://server/share/app/scheduler/loop.ts", "\\\\server\\share\\millrace\\main.ts"].flatMap(framesAt),
  },
  {
    what: "a server, whose URLs may carry a query",
    url: "https://cdn.example/@millrace/millrace/0.1.0/runtime/basics/own_frames.js?v=3#x",
    own: [
      "https://cdn.example/@millrace/millrace/0.1.0/scheduler/loop.js",
      "https://cdn.example/@millrace/millrace/0.1.0/mod.js?v=3",
    ].flatMap(framesAt),
    users: ["https://app.example/scheduler/loop.js", "https://cdn.example/@millrace/millrace/0.1.0/README.js"]
      .flatMap(framesAt),
  },
];

for (const { what, url, own, users } of cases) {
  test(`the library's own frames are told from the user's: ${what}`, () => {
    const frames = new OwnFrames(url);
    assertEquals(own.filter((line) => !frames.isOwn(line) || frames.isUsers(line)), []);
    assertEquals(users.filter((line) => frames.isOwn(line) || !frames.isUsers(line)), []);
  });
}

const hostFrames = [
  "    at Array.map (<anonymous>)",
  "    at new Promise (<anonymous>)",
  "    at async Promise.all (index 0)",
  "    at map (native:1:11)",
  "    at eval (unknown)",
  "    at listOnTimeout (node:internal/timers:581:17)",
  "    at async node:internal/modules/esm/loader:650:26",
  "    at resume_ (internal:streams/readable:590:16)",
  "    at Object.processTimers (ext:core/02_timers.js:250:7)",
  "map@[native code]",
  "[native code]",
];

test("frames of the host, and lines that are none, are neither the library's nor the user's", () => {
  const lines = [
    ...hostFrames,
    "",
    "Error",
    "Error: at 1:2 o'clock",
    "    -- called from --",
    "the file file:///home/me/millrace/scheduler/loop.ts:1:2",
  ];
  const frames = new OwnFrames("file:///home/me/millrace/runtime/basics/own_frames.ts");
  assertEquals(lines.filter((line) => frames.isOwn(line)), []);
  assertEquals(hostFrames.filter((line) => frames.isUsers(line)), []);
});

test("code that was made by eval is that of whoever made it", () => {
  const frames = new OwnFrames("file:///home/me/millrace/runtime/basics/own_frames.ts");
  const lineOf = (file: string): string => `    at eval (eval at f (file:///home/me/${file}:8:14), <anonymous>:1:3)`;
  assert(frames.isUsers(lineOf("app/main.js")) && !frames.isOwn(lineOf("app/main.js")));
  assert(frames.isOwn(lineOf("millrace/scheduler/loop.ts")));
});

/** What `import.meta.url` is where the module is part of a bundle, or where nothing is known of it. */
const bundles: (string | undefined)[] = [
  undefined,
  "",
  "file:///home/me/app/dist/main.js",
  "file:///home/me/my%20app/dist/chunk-X7.mjs",
  "file:///home/me/app/own_frames.js",
  "data:text/javascript;base64,AAAA",
  "blob:https://app.example/0b7e",
  "main.js",
  "%%%",
];

test("in a bundle no frame of it is the library's own, for the user's are there too", () => {
  for (const url of bundles) {
    const frames = new OwnFrames(url);
    for (const place of ["file:///home/me/app/dist/main.js", "/home/me/app/own_frames.js", "/app/scheduler/loop.js"]) {
      assertEquals(framesAt(place).filter((line) => frames.isOwn(line) || !frames.isUsers(line)), [], url);
    }
  }
});

test("in a bundle whose frames are mapped to its sources those of the package are known by its name", () => {
  for (const url of bundles) {
    const frames = new OwnFrames(url);
    const folder = "/home/me/my app/node_modules/@millrace/millrace";
    for (const place of [`${folder}/scheduler/loop.js`, `${folder}/mod.ts`, `file://${encodeURI(folder)}/io/mod.js`]) {
      assertEquals(framesAt(place).filter((line) => !frames.isOwn(line)), [], url);
    }
    assertEquals(framesAt("/home/me/@millrace/app/mod.ts").filter((line) => frames.isOwn(line)), [], url);
    const stack = ["Error", ...framesAt(`${folder}/scheduler/loop.js`).slice(0, 1), "    at f (/app/main.ts:1:2)"];
    assertEquals(frames.callerIn(stack.join("\n")), "f (/app/main.ts:1:2)");
  }
});

/** Stacks of calls of the library, and the caller that they tell. */
const stacks: [what: string, stack: string[], caller: string | undefined][] = [
  ["V8", [
    "Error: place",
    "    at rememberPlace (file:///lib/scheduler/teardown.ts:1:2)",
    "    at TaskGroup.spawn (file:///lib/scheduler/task_group.ts:1:2)",
    "    at spawnAll (file:///app/main.ts:1:2)",
    "    at file:///app/main.ts:3:4",
  ], "spawnAll (file:///app/main.ts:1:2)"],
  ["V8, anonymous, and called by a built-in function", [
    "Error",
    "    at file:///lib/runtime/simulation/session.ts:1:2",
    "    at new Promise (<anonymous>)",
    "    at BodySimulation.io (file:///lib/runtime/simulation/run.ts:1:2)",
    "    at Array.map (<anonymous>)",
    "    at async file:///app/main.ts:3:4",
  ], "async file:///app/main.ts:3:4"],
  ["Bun", [
    "Error",
    "    at complete (/lib/runtime/simulation/simulated_loop.ts:1:2)",
    "    at new Promise (native:1:11)",
    "    at io (/lib/runtime/simulation/run.ts:1:2)",
    "    at map (native:1:11)",
    "    at ask (/my app/main.ts:1:2)",
  ], "ask (/my app/main.ts:1:2)"],
  [
    "JavaScriptCore",
    ["complete@/lib/io/walk.js:1:2", "map@[native code]", "ask@/app/main.js:1:2", "/app/main.js:1:3"],
    "ask@/app/main.js:1:2",
  ],
  ["of nobody but the library and the host", [
    "Error",
    "    at f (file:///lib/scheduler/loop.ts:1:2)",
    "    at listOnTimeout (node:internal/timers:581:17)",
  ], undefined],
  ["which does not begin in the library, as far as can be told", [
    "Error",
    "    at new Promise (<anonymous>)",
    "    at rememberPlace (/app/dist/bundle.js:1:2)",
    "    at spawnAll (/app/dist/bundle.js:3:4)",
  ], undefined],
  ["without frames", ["Error"], undefined],
];

for (const [what, stack, caller] of stacks) {
  test(`the caller is the innermost frame of the user's, and none rather than a wrong one: a stack ${what}`, () => {
    const frames = new OwnFrames("file:///lib/runtime/basics/own_frames.ts");
    assertEquals(frames.callerIn(stack.join("\n")), caller);
  });
}

test("an error without a stack has no caller", () => {
  assertEquals(callerIn(undefined), undefined);
  assertEquals(callerIn(""), undefined);
});

testWith(
  "own frames",
  "on this host, frames of this checkout are the library's own, and those of a test in it are the user's",
  async () => {
    function here(): Error {
      const error = new Error("here");
      return error;
    }
    const lines = here().stack!.split("\n").filter((line) => line.includes("own_frames_test.ts"));
    assert(lines.length > 0);
    assertEquals(lines.filter((line) => isOwnFrame(line) || !isUserFrame(line)), []);
    const made = await group((g) => {
      g.spawn(() => {}, { priority: "none" as never });
    }).catch((error) => error);
    const thrown = made.stack.split("\n").filter((line: string) => line.includes("/scheduler/"));
    assert(thrown.length > 0, made.stack);
    assertEquals(thrown.filter((line: string) => !isOwnFrame(line) || isUserFrame(line)), []);
    assertMatch(callerIn(made.stack) ?? "", /own_frames_test\.ts/);
  },
);
