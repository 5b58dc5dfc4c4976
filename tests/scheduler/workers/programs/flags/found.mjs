import which from "#which";

export function found() {
  return {
    execArgv: process.execArgv,
    preloaded: globalThis.preloaded ?? "",
    which,
    gc: typeof gc,
    frames: Error.stackTraceLimit,
    file: process.env.FROM_FILE ?? "",
    argv: process.argv.slice(2),
  };
}
