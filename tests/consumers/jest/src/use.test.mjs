import { useAll } from "./server.mjs";

test("the library works in a test", () => useAll({ worker: new URL("./tasks.mjs", import.meta.url) }), 30_000);
