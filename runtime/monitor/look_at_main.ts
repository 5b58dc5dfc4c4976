/**
 * What a thread can say and find out while the main thread is stuck.
 *
 * @module
 */

interface Process {
  getBuiltinModule?(name: string): unknown;
}

interface CallFrame {
  callFrameId: string;
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber: number };
}

interface Message {
  params: { callFrames: CallFrame[]; scriptId: string; url: string };
}

interface Session {
  connectToMainThread?(): void;
  disconnect(): void;
  post(
    method: string,
    parameters?: object,
    callback?: (error: unknown, answer: { result?: { value?: unknown } } | undefined) => void,
  ): void;
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

/** What was found in the main thread. */
export interface FoundInMain {
  /** What the expression came to, if that is a string. */
  answer: string | undefined;
  /** Where the thread is, as the lines of a stack. */
  stack: string;
}

/** For how long the main thread may keep a look at it waiting, in ms: it does not answer in the middle of a long native function. */
const longestLook = 3000;

/** How many steps the main thread is taken on if it stands in a function of the host's, or between two microtasks. */
const mostSteps = 1000;

/**
 * Stops the main thread for a moment to see where it is, and what an expression comes to there; `undefined` where the host does not
 * tell, and if `isOver` says that it has gone on before.
 */
export function lookAtMain(expression: string, isOver: () => boolean): Promise<FoundInMain | undefined> {
  return new Promise((resolve) => {
    try {
      const inspector = builtin<{ Session?: new () => Session }>("node:inspector");
      const session = inspector?.Session && new inspector.Session();
      // Only Node's inspector reaches the main thread from another one.
      if (typeof session?.connectToMainThread !== "function") return resolve(undefined);
      session.connectToMainThread();
      const end = (found: FoundInMain | undefined): void => {
        clearTimeout(timer);
        // Without a session the thread goes on.
        session.disconnect();
        resolve(isOver() ? undefined : found);
      };
      const timer = setTimeout(() => end(undefined), longestLook);
      const urls = new Map<string, string>();
      const urlOf = ({ location }: CallFrame): string => urls.get(location.scriptId) ?? "";
      const isHosts = (frame: CallFrame): boolean => urlOf(frame) === "" || urlOf(frame).startsWith("node:");
      let steps = 0;
      session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
      session.on("Debugger.paused", ({ params: { callFrames } }) => {
        // In the middle of the host's own functions the flow of control may be nobody's.
        if (isHosts(callFrames[0]!) && steps++ < mostSteps && !isOver()) {
          return session.post(callFrames.every(isHosts) ? "Debugger.stepInto" : "Debugger.stepOut");
        }
        const lines = callFrames.slice(0, 12).map((frame) => {
          const { functionName, location } = frame;
          const place = `${urlOf(frame)}:${location.lineNumber + 1}:${location.columnNumber + 1}`;
          return `    at ${functionName || "(anonymous)"} (${place})\n`;
        });
        const { callFrameId } = callFrames[0]!;
        session.post("Debugger.evaluateOnCallFrame", { callFrameId, expression, silent: true }, (_error, answer) => {
          const value = answer?.result?.value;
          end({ answer: typeof value === "string" ? value : undefined, stack: lines.join("") });
        });
      });
      session.post("Debugger.enable");
      session.post("Debugger.pause");
    } catch {
      resolve(undefined);
    }
  });
}
