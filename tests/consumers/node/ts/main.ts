import { useAll } from "./server.ts";

const more = ["./tasks.mts", "./tasks.cts", "./plain.ts"].map((file) => new URL(file, import.meta.url));
await useAll({ worker: new URL("./tasks.ts", import.meta.url), more });
