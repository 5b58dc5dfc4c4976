/**
 * Steps that open a page of a consumer in Chromium.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromiumPath } from "../chromium.ts";
import { executableOf } from "../hosts.ts";
import { type Place, type Step, StepError } from "./consumer.ts";
import { lastLines } from "./steps.ts";

/** The longest a page may take, in ms. */
const longest = 120_000;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
};

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Serves a folder that was built, and opens it; `isolated` says whether from other origins, which is what shared memory needs. */
export function pageOf(folder: string, isolated: boolean): Step {
  return async function page(place: Place): Promise<string> {
    const root = join(place.folder, folder);
    const server = createServer(({ url }, response) => {
      const { pathname } = new URL(url ?? "/", "http://localhost");
      const file = join(root, pathname === "/" ? "index.html" : decodeURIComponent(pathname));
      const isThere = existsSync(file) && statSync(file).isFile();
      const headers = { "content-type": types[extname(file)] ?? "text/plain", ...isolated && isolation };
      response.writeHead(isThere ? 200 : 404, headers).end(isThere ? readFileSync(file) : "There is no such file");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      return await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  };
}

/** Opens the page of a server that the project has: a program of Node, which prints its URL. */
export function pageFrom(program: string, ...args: string[]): Step {
  return async function pageOfServer(place: Place): Promise<string> {
    const child = spawn(executableOf("node")!, [join(place.folder, program), ...args], {
      cwd: place.folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    try {
      const url = await new Promise<string>((resolve, reject) => {
        const fail = (why: string): void => reject(new StepError(`${program} ${why}\n${lastLines(output)}`));
        const take = (text: string): void => {
          output += text;
          const found = /https?:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(output);
          if (found !== null) resolve(found[0]);
        };
        child.stdout.setEncoding("utf8").on("data", take);
        child.stderr.setEncoding("utf8").on("data", take);
        child.on("exit", (code) => fail(`ended with code ${code}`));
        setTimeout(() => fail(`printed no URL within ${longest / 1000} s`), longest).unref();
      });
      return await open(url);
    } finally {
      child.kill("SIGKILL");
    }
  };
}

/** Opens a page and waits until it says that it has ended; resolves to what it printed, in its workers too. */
async function open(url: string): Promise<string> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  const lines: string[] = [];
  try {
    const page = await browser.newPage();
    const why = await new Promise<string | undefined>((resolve) => {
      page.on("console", (message) => {
        const text = message.text();
        lines.push(text);
        if (text === "page: ended") resolve(undefined);
        else if (text.startsWith("page: failed")) resolve("failed");
      });
      page.on("pageerror", (error) => {
        lines.push(error.stack ?? String(error));
        resolve("has an error that nobody caught");
      });
      page.on("crash", () => resolve("crashed"));
      setTimeout(() => resolve(`did not end within ${longest / 1000} s`), longest).unref();
      page.goto(url).catch((error) => resolve(`could not be loaded: ${error}`));
    });
    if (why !== undefined) throw new StepError(`the page ${why}\n${lastLines(lines.join("\n"))}`);
    return lines.join("\n");
  } finally {
    await browser.close();
  }
}
