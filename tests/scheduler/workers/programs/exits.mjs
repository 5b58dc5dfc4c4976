globalThis.process === undefined ? globalThis.close() : globalThis.process.exit(3);
