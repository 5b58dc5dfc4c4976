import { test } from "vitest";
import { useAll } from "./server.ts";

test(
  "the library works in a test",
  { timeout: 30_000 },
  () => useAll({ worker: new URL("./tasks.ts", import.meta.url) }),
);
