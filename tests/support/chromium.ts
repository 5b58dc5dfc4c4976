/**
 * Chromium, for tests that need a browser.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/**
 * Where Chromium is: what `MILLRACE_CHROMIUM` names, or `chromium` on the PATH. Where it is absent and this is root, the package of
 * Debian is installed; elsewhere that is an error which says so.
 */
export function chromiumPath(): string {
  const given = process.env["MILLRACE_CHROMIUM"];
  if (given !== undefined && given !== "") return given;
  return find() ?? install();
}

function find(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"];
  return folders.map((folder) => join(folder, "chromium")).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function install(): string {
  const advice = "install it (`apt-get install chromium`), or name one in MILLRACE_CHROMIUM";
  if (process.getuid?.() !== 0) throw new Error(`Chromium is not there: ${advice}`);
  console.log("browser: installing Chromium once (apt-get)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const commands = [["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]];
  for (const args of commands) {
    // Another process may be installing something: apt-get waits for it.
    const all = ["-o", "DPkg::Lock::Timeout=300", ...args];
    const { status, error, stderr } = spawnSync("apt-get", all, { env, encoding: "utf8", timeout: 900_000 });
    if (status !== 0) {
      throw new Error(`Chromium is not there, and apt-get failed: ${error ?? stderr.trim()}; ${advice}`);
    }
  }
  const path = find();
  if (path === undefined) throw new Error(`Chromium is not there, although apt-get installed it: ${advice}`);
  return path;
}
