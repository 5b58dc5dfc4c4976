import type { HostParent } from "../worker_port.ts";
import { lifeLockHeld, locks } from "./web_worker.ts";

interface Port {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
  on(event: "message", listener: (message: unknown) => void): void;
}

interface WebScope extends EventTarget {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
}

/** The parent of the thread this runs in, as a pool started it. */
export function parentOfThread(): HostParent {
  const scope = globalThis as unknown as WebScope & {
    process?: { getBuiltinModule?(name: string): { parentPort: Port } };
  };
  // Node's threads have no postMessage of their own; Deno's and Bun's web workers have a parentPort, but a slower one.
  return typeof scope.postMessage === "function"
    ? webParent(scope)
    : threadParent(scope.process!.getBuiltinModule!("node:worker_threads").parentPort);
}

function threadParent(port: Port): HostParent {
  return {
    now: () => performance.now(),
    post: (message, transfer) => port.postMessage(message, transfer),
    listen: (onMessage) => port.on("message", onMessage),
  };
}

function webParent(scope: WebScope): HostParent {
  return {
    now: () => performance.now(),
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen(onMessage) {
      scope.addEventListener("message", (event) => {
        const { data } = event as MessageEvent<{ life?: string }>;
        if (typeof data?.life !== "string") return onMessage(data);
        void locks()?.request(data.life, {}, () => {
          scope.postMessage(lifeLockHeld, []);
          return new Promise(() => {});
        });
      });
    },
  };
}
