/**
 * Which of the process's flags its threads get.
 *
 * @module
 */

/** A flag, with the value that follows it as a word of its own, if one does. */
type Flag = readonly string[];

/**
 * Flags that say where the process's program comes from, or how it is run: a thread has a program of its own, and would run the tests again,
 * watch the same files or wait for a debugger. One that is being debugged sees its threads without a flag.
 */
const aboutProgram = new RegExp(
  "^(-e|-p|-pe|-c|-i|--(eval|print|check|interactive|input-type|entry-url|run|test|watch|inspect|debug-port" +
    "|build-sea|build-snapshot|snapshot-blob|experimental-sea-config)(-[^=]*)?)(=|$)",
);

/** The flags of a list of words. A value never begins with a dash: Node takes one only after a backslash, or behind `=`. */
function flagsOf(words: readonly string[]): Flag[] {
  const flags: string[][] = [];
  for (const word of words) {
    if (flags.length === 0 || word.startsWith("-")) flags.push([word]);
    else flags.at(-1)!.push(word);
  }
  return flags;
}

/** What Node has refused, by its own words: each flag as it was given, or a sentence that begins with it. */
function isRefused([word]: Flag, message: string): boolean {
  const list = `, ${message.slice(message.indexOf(": ") + 2)}, `;
  return list.includes(`, ${word}, `) || list.includes(`, ${word} requires `);
}

/** Does Node refuse the flags that a thread is to have? */
export function isRefusal(error: unknown): error is Error {
  return (error as { code?: unknown } | undefined)?.code === "ERR_WORKER_INVALID_EXEC_ARGV";
}

/** The flags that a thread can have, of those that the process had when they were found. */
let known: { readonly of: string; readonly flags: readonly Flag[] } | undefined;

/**
 * Starts a thread with the process's flags, less those that it cannot have: V8's, and others that are the whole process's, which are in
 * force in the thread without being passed on. Only Node knows which these are, and it names all of them when it refuses.
 */
export function startWithInherited<T>(start: (execArgv: string[]) => T): T {
  const { execArgv } = (globalThis as unknown as { process: { execArgv: string[] } }).process;
  const of = execArgv.join("\0");
  let flags = known?.of === of ? known.flags : flagsOf(execArgv).filter(([word]) => !aboutProgram.test(word!));
  for (;;) {
    try {
      const started = start(flags.flat());
      known = { of, flags };
      return started;
    } catch (error) {
      if (!isRefusal(error) || flags.length === 0) throw error;
      const rest = flags.filter((flag) => !isRefused(flag, error.message));
      // It names none: better a thread without any flag than none.
      flags = rest.length < flags.length ? rest : [];
    }
  }
}
