/**
 * Other programs: Node's `child_process`, which Deno and Bun have too.
 *
 * @module
 */

import { ProcessGroup } from "./process_group.ts";

/** What one of the three standard streams of a program is to be. */
export type Stdio = "pipe" | "inherit" | "ignore";

/** How a program is started. */
export interface SpawnSettings {
  readonly cwd: string | URL | undefined;
  readonly env: Record<string, string> | undefined;
  readonly stdio: [Stdio, Stdio, Stdio];
}

/** How a program ended. */
export interface HostExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A program that runs. */
export interface HostProcess {
  /** Settles when the program has ended; rejects with the system's error if it could not be started. */
  readonly exited: Promise<HostExit>;
  readonly stdout: AsyncIterable<Uint8Array> | undefined;
  readonly stderr: AsyncIterable<Uint8Array> | undefined;
  /** Writes to its input, and waits until that takes more; `false` when it reads no more, and what is written is dropped. */
  write(bytes: Uint8Array): Promise<boolean>;
  endInput(): void;
  /** The program and all that it has started; `undefined` where it could not be started. */
  readonly group: ProcessGroup | undefined;
  /** Lets go of its streams, whoever still holds the other ends. */
  closeStreams(): void;
}

interface NodeReadable extends AsyncIterable<Uint8Array> {
  destroy(): void;
}

interface NodeWritable {
  readonly destroyed: boolean;
  write(bytes: Uint8Array): boolean;
  end(): void;
  destroy(): void;
  on(event: "error", listener: () => void): void;
  once(event: "drain" | "close", listener: () => void): void;
  off(event: "drain" | "close", listener: () => void): void;
}

interface NodeChild {
  readonly pid: number | undefined;
  readonly stdin: NodeWritable | null;
  readonly stdout: NodeReadable | null;
  readonly stderr: NodeReadable | null;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "exit", listener: (exitCode: number | null, signal: string | null) => void): void;
}

interface ChildProcess {
  spawn(command: string, args: readonly string[], options: object): NodeChild;
}

/** Starts a program, in a process group of its own, so that all of it can be ended. */
export async function spawnProcess(
  command: string,
  args: readonly string[],
  settings: SpawnSettings,
): Promise<HostProcess> {
  const { spawn } = await import("node:child_process") as unknown as ChildProcess;
  const { cwd, env, stdio } = settings;
  const { platform } = (globalThis as unknown as { process: { platform: string } }).process;
  if (platform === "win32" && isBatchFile(command)) {
    throw new TypeError("A batch file is not run, because Windows would hand it to a shell");
  }
  const child = spawn(command, args, { cwd, env, stdio, detached: true, windowsHide: true });
  const { pid, stdin, stdout, stderr } = child;
  const exited = new Promise<HostExit>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  exited.catch(() => {});
  // A program that ends without reading its input is no error of ours.
  stdin?.on("error", () => {});
  return {
    exited,
    stdout: stdout ?? undefined,
    stderr: stderr ?? undefined,
    write(bytes) {
      if (stdin === null || stdin.destroyed) return Promise.resolve(false);
      if (stdin.write(bytes)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const go = (): void => {
          stdin.off("drain", go);
          stdin.off("close", go);
          resolve(!stdin.destroyed);
        };
        stdin.once("drain", go);
        stdin.once("close", go);
      });
    },
    endInput: () => stdin?.end(),
    group: pid === undefined ? undefined : new ProcessGroup(pid),
    closeStreams() {
      stdin?.destroy();
      stdout?.destroy();
      stderr?.destroy();
    },
  };
}

/**
 * Would Windows hand a program to its shell, to which the arguments are code? It takes no notice of case, nor of dots and spaces at the end.
 */
export function isBatchFile(command: string): boolean {
  return /\.(bat|cmd)[. ]*$/i.test(command);
}
