/** Workers of the host without a pool: one message a call, and what ends them. */

/** What ends the workers of a bench. */
export const enders: (() => void)[] = [];

/** A worker that answers each message in the way its source says, in order. */
export async function rawWorker<A, R>(
  answer: string,
  transferred = "[]",
): Promise<(value: A, list?: ArrayBuffer[]) => Promise<R>> {
  const waiting: ((value: R) => void)[] = [];
  const take = (value: R): void => waiting.shift()!(value);
  let post: (value: A, list: ArrayBuffer[]) => void;
  if ("Bun" in globalThis || "Deno" in globalThis) {
    const source = `onmessage = ({ data }) => { const answer = ${answer}; postMessage(answer, ${transferred}); }`;
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
    worker.onmessage = ({ data }) => take(data);
    post = (value, list) => worker.postMessage(value, list);
    enders.push(() => worker.terminate());
  } else {
    const threads = await import("node:worker_threads");
    const worker = new threads.Worker(
      `const { parentPort } = require("node:worker_threads");
      parentPort.on("message", (data) => { const answer = ${answer}; parentPort.postMessage(answer, ${transferred}); });`,
      { eval: true },
    );
    worker.on("message", take);
    post = (value, list) => worker.postMessage(value, list);
    enders.push(() => void worker.terminate());
  }
  return (value, list = []) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      post(value, list);
    });
}

/** So many of them, called in turn, that answer a number with the next one. */
export async function rawWorkers(size: number): Promise<(value: number) => Promise<number>> {
  const workers = await Promise.all(Array.from({ length: size }, () => rawWorker<number, number>("data + 1")));
  let next = 0;
  return (value) => workers[next++ % size]!(value);
}
