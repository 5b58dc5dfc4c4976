globalThis.process.exit(3);
