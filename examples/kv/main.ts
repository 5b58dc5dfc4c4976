/**
 * A node of the store as a program:
 *
 * ```sh
 * npx tsx examples/kv/main.ts --name n1 --members n1=http://127.0.0.1:7001,n2=http://127.0.0.1:7002,n3=http://127.0.0.1:7003 --folder data/n1
 * ```
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { main } from "../../mod.ts";
import { RaftNode } from "./raft.ts";

await main(async () => {
  const { values } = parseArgs({
    options: {
      name: { type: "string" },
      members: { type: "string" },
      folder: { type: "string" },
    },
  });
  const { name, folder = `kv-data/${name}` } = values;
  const members = Object.fromEntries(
    (values.members ?? "").split(",").map((each) => each.split("=") as [string, string]),
  );
  if (name === undefined || !URL.canParse(members[name] ?? "")) {
    console.error(
      "Say who this is and where all are: --name n1 --members n1=http://127.0.0.1:7001,n2=... [--folder data/n1]",
    );
    process.exitCode = 1;
    return;
  }
  await RaftNode.run({
    name,
    members,
    folder,
    onOpen: () => console.log(`${name} is at ${members[name]}`),
    onLead: (term) => console.log(`${name} leads term ${term}`),
  });
});
