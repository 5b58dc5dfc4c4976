/** A program for write_file_test.ts: becomes a user without rights, in the group it is told, and writes a file. */

import process from "node:process";
import { writeFile } from "../../../../io/mod.ts";

const [, , path, group] = process.argv;
// What is loaded late has to be there before the files of this user are not.
await writeFile("/dev/null", "");
process.setgid!(Number(group));
process.setuid!(65534);
await writeFile(path!, "by another", { atomic: true });
