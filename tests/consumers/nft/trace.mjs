// Copies the files that are traced from the program, and no others, into a folder.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { nodeFileTrace } from "@vercel/nft";

const { fileList, warnings } = await nodeFileTrace(["src/main.mjs"]);
for (const file of fileList) cpSync(file, join(process.argv[2], file));
console.log(fileList.size, [...warnings].map(({ message }) => message).join("\n"));
