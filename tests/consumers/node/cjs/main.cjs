const { pathToFileURL } = require("node:url");
const { useAll } = require("./server.cjs");

const named = (file) => pathToFileURL(require.resolve(file));

useAll({ worker: named("./tasks.cjs"), more: ["./object.cjs", "./loop.cjs", "./function.cjs"].map(named) });
