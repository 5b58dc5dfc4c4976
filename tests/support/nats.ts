/**
 * A real nats-server, on loopback, with a store of its own.
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { withFolder } from "./folder.ts";
import { until, within } from "./within.ts";

const install = "apt-get install -y --no-install-recommends nats-server";

/** Where nats-server is: what `MILLRACE_NATS_SERVER` names, or `nats-server` on the PATH. */
export function findNatsServer(): string | undefined {
  const given = process.env["MILLRACE_NATS_SERVER"];
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];
  const paths = given ? [given] : folders.map((folder) => join(folder, "nats-server"));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Installs the package of Debian where this is root and it is not there; before the tests, which would wait for it one beside the other. */
export function installNatsServer(): void {
  if (findNatsServer() !== undefined || process.getuid?.() !== 0) return;
  console.log("nats: installing nats-server once (apt-get)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update", "-qq"], install.split(" ").slice(1)]) {
    const all = ["-o", "DPkg::Lock::Timeout=300", ...args];
    // Where it fails the tests do, and say what to do.
    const { status, error, stderr } = spawnSync("apt-get", all, { env, encoding: "utf8", timeout: 600_000 });
    if (status !== 0) return console.error(`nats: apt-get failed: ${error ?? stderr.trim()}`);
  }
}

/** A file of settings, and the environment that it takes values from. */
export interface NatsConfig {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a server keeps. */
export interface NatsStream {
  readonly messages: number;
  /** How many messages each of its consumers has still to give, or to hear of. */
  readonly pending: readonly number[];
}

interface Jsz {
  readonly account_details?: {
    readonly stream_detail?: {
      readonly name: string;
      readonly state: { readonly messages: number };
      readonly consumer_detail?: { readonly num_pending: number; readonly num_ack_pending: number }[];
    }[];
  }[];
}

/** A server that runs, may be killed, and started again. */
export class NatsServer {
  readonly folder: string;
  readonly #config: NatsConfig | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #port = -1;
  #monitor = "";

  constructor(folder: string, config?: NatsConfig) {
    this.folder = folder;
    this.#config = config;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Its process, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, on the port it had before. */
  async start(): Promise<void> {
    const path = findNatsServer();
    if (path === undefined) {
      throw new Error(`These tests need nats-server: install it (\`${install}\`), or name one in MILLRACE_NATS_SERVER`);
    }
    for (const name of this.#portFiles()) rmSync(join(this.folder, name));
    const config = this.#config === undefined ? ["-js", "-sd", join(this.folder, "store")] : ["-c", this.#config.file];
    const monitor = ["-m", this.#monitor === "" ? "-1" : new URL(this.#monitor).port];
    const at = ["-a", "127.0.0.1", "-p", String(this.#port), ...monitor, "--ports_file_dir", this.folder];
    const child = spawn(path, [...config, ...at, "-l", join(this.folder, "log")], {
      stdio: "ignore",
      env: { ...process.env, ...this.#config?.env },
    });
    this.#child = child;
    let isOver = false;
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        isOver = true;
        resolve();
      };
      child.on("exit", over);
      child.on("error", over);
    });
    let ports: { nats: string[]; monitoring: string[] } | undefined;
    await until(() => isOver || (ports = this.#readPorts()) !== undefined, "nats-server has told its port");
    if (ports === undefined) {
      throw new Error(`nats-server has ended:\n${readFileSync(join(this.folder, "log"), "utf8")}`);
    }
    this.#port = Number(new URL(ports.nats[0]!).port);
    this.#monitor = ports.monitoring[0]!;
  }

  #portFiles(): string[] {
    return readdirSync(this.folder).filter((name) => name.endsWith(".ports"));
  }

  #readPorts(): { nats: string[]; monitoring: string[] } | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, this.#portFiles()[0]!), "utf8"));
    } catch {
      // Not there yet, or not all of it.
      return undefined;
    }
  }

  /** Ends it, by its pid. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    const { pid } = this.#child ?? {};
    this.#child = undefined;
    if (pid === undefined) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
    await within(this.#ended, "nats-server has ended");
  }

  /** Lets it stand still: it keeps its connections, and answers nothing. */
  freeze(): void {
    process.kill(this.#child!.pid!, "SIGSTOP");
  }

  /** Kills it and starts it again. */
  async restart(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** What the server tells of itself. */
  async monitor(path: string): Promise<Record<string, unknown>> {
    return await (await fetch(`${this.#monitor}/${path}`)).json();
  }

  /** What it keeps: its streams by their names, with the consumers of each. */
  async streams(): Promise<Map<string, NatsStream>> {
    const { account_details = [] } = await this.monitor("jsz?streams=1&consumers=1&config=1") as Jsz;
    const all = account_details.flatMap(({ stream_detail = [] }) => stream_detail);
    return new Map(all.map(({ name, state, consumer_detail = [] }) => [name, {
      messages: state.messages,
      pending: consumer_detail.map(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending),
    }]));
  }

  /** Who listens to what, one list for each connection. */
  async subscriptions(): Promise<string[][]> {
    const { connections } = await this.monitor("connz?subs=1") as { connections: { subscriptions_list?: string[] }[] };
    return connections.map(({ subscriptions_list = [] }) => subscriptions_list);
  }
}

/** A server for a test, ended afterwards; `configOf` gives its settings for the folder it is in. */
export async function withNats(
  body: (server: NatsServer) => Promise<void>,
  configOf?: (folder: string) => NatsConfig,
): Promise<void> {
  await withFolder(async (folder) => {
    const server = new NatsServer(folder, configOf?.(folder));
    try {
      await server.start();
      await body(server);
    } finally {
      await server.stop();
    }
  });
}
