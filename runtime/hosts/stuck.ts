/**
 * What a thread can say and find out while the main thread is stuck.
 *
 * @module
 */

interface Process {
  getBuiltinModule?(name: string): unknown;
}

interface CallFrame {
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber: number };
}

interface Message {
  params: { callFrames: CallFrame[]; scriptId: string; url: string };
}

interface Session {
  connectToMainThread?(): void;
  disconnect(): void;
  post(method: string): void;
  on(event: string, listener: (message: Message) => void): void;
}

function builtin<T>(name: string): T | undefined {
  return (globalThis as { process?: Process }).process?.getBuiltinModule?.(name) as T | undefined;
}

/** Writes to the error stream, past the main thread, through which hosts lead the streams of their threads. */
export function errorStream(text: string): void {
  const fs = builtin<{ writeSync(file: number, text: string): void }>("node:fs");
  if (fs === undefined) console.error(text);
  else fs.writeSync(2, text);
}

/** Where the main thread is, as the lines of a stack; empty where the host does not tell. */
export function stackOfMain(timeout: number): Promise<string> {
  return new Promise((resolve) => {
    try {
      const inspector = builtin<{ Session?: new () => Session }>("node:inspector");
      const session = inspector?.Session && new inspector.Session();
      // Only Node's inspector reaches the main thread from another one.
      if (typeof session?.connectToMainThread !== "function") return resolve("");
      session.connectToMainThread();
      const end = (stack: string): void => {
        clearTimeout(timer);
        session.disconnect();
        resolve(stack);
      };
      const timer = setTimeout(() => end(""), timeout);
      const urls = new Map<string, string>();
      session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
      session.on("Debugger.paused", ({ params }) => {
        const lines = params.callFrames.slice(0, 12).map(({ functionName, location }) => {
          const place = `${urls.get(location.scriptId)}:${location.lineNumber + 1}:${location.columnNumber + 1}`;
          return `    at ${functionName || "(anonymous)"} (${place})\n`;
        });
        session.post("Debugger.resume");
        end(lines.join(""));
      });
      session.post("Debugger.enable");
      session.post("Debugger.pause");
    } catch {
      resolve("");
    }
  });
}
