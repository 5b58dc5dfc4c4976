/** The test files that a page could load, but that test nothing a page has; each with the reason. */
export const notPortable: Readonly<Record<string, string>> = {
  "tests/runtime/hosts/node/exec_arguments_test.ts": "it is of Node's flags",
  "tests/runtime/hosts/common/web_exchange_test.ts": "it is of the servers of Deno and Bun",
  "tests/runtime/system/processes_test.ts": "it is of programs of Windows",
  "tests/runtime/simulation/disk/import_test.ts": "what it imports has modules of Node",
};
