import process from "node:process";
import { main } from "@millrace/millrace";
import { serveTasks } from "@millrace/millrace/remote";

await main(async () => {
  const server = await serveTasks(new URL("./links.ts", import.meta.url), {
    queue: "links",
    servers: process.env["NATS_URL"] ?? "nats://127.0.0.1:4222",
    size: 2,
  });
  console.log(`${server.name} takes calls`);
});
