import { assertEquals, assertRejects } from "@std/assert";
import { openBytes, readBytes, walk, watch, writeFile } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { simulate } from "../../../../testing.ts";
import { hostsFiles, onMachine } from "../../../support/machine_files.ts";
import { testWith } from "../../../support/needs.ts";

testWith("Node's modules", "readBytes, writeFile, openBytes, walk and node:fs see one and the same disk", async () => {
  const seen = await onMachine(async () => {
    const { promises } = hostsFiles();
    await writeFile("/a", "by millrace");
    await promises.writeFile("/b", "by node");
    let streamed = "";
    for await (const chunk of openBytes("/b")) streamed += new TextDecoder().decode(chunk);
    const paths: string[] = [];
    for await (const { path, kind } of walk("/")) paths.push(`${kind} ${path}`);
    return [
      await promises.readFile("/a", "utf8"),
      new TextDecoder().decode(await readBytes("/b")),
      new TextDecoder().decode(await readBytes("/data/c", { maxBytes: 10 })),
      streamed,
      ...paths.sort(),
    ];
  }, { "/data/c": "given" });
  assertEquals(seen, [
    "by millrace",
    "by node",
    "given",
    "by node",
    "directory /data",
    "file /a",
    "file /b",
    "file /data/c",
  ]);
});

testWith("Node's modules", "what is not there is not found", async () => {
  const error = await onMachine(() => assertRejects(() => readBytes("/no"))) as NodeJS.ErrnoException;
  assertEquals([error.code, error.message], ["ENOENT", "ENOENT: no such file or directory, open '/no'"]);
});

testWith(
  "Node's modules",
  "a file written with atomic is old or new after a loss of power, and new once the write has ended",
  async () => {
    const seen = new Set<string>();
    for (let time = 0; time < 10; time += 0.25) {
      const [text, ended] = await simulate(async (sim) => {
        let isEnded = false;
        let tell!: (text: string) => void;
        const read = new Promise<string>((resolve) => tell = resolve);
        const box = sim.machine("box", async ({ life }) => {
          if (life > 1) return tell(new TextDecoder().decode(await readBytes("/data")));
          await writeFile("/data", "new", { atomic: true });
          isEnded = true;
          await sleep(1000);
        }, { files: { "/data": "old" } });
        await sleep(time);
        box.kill({ power: true });
        const wasEnded = isEnded;
        box.restart();
        return [await read, wasEnded] as const;
      }, { leaks: "ignore" });
      seen.add(`${text} ${ended}`);
    }
    seen.delete("new false");
    assertEquals([...seen], ["old false", "new true"]);
  },
);

testWith("Node's modules", "watch tells of changes on the disk", async () => {
  const seen = await onMachine(async () => {
    const changes = watch("/data");
    await writeFile("/data/log", "more");
    const { value } = await changes.next();
    await changes.return?.();
    return value;
  }, { "/data/log": "" });
  assertEquals(seen, { kind: "change", path: "/data/log" });
});
