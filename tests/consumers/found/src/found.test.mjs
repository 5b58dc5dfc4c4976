import assert from "node:assert/strict";
import { test } from "node:test";
import { programs } from "./programs.mjs";
import { byFakeTimers, byFastCheck, explored } from "./worlds.mjs";

for (const program of programs) {
  const [affected, mended] = program.versions;

  test(`${program.name} ${affected}: the race is found, and told in as few words as can be`, async () => {
    const loaded = await program.load("affected");
    const { schedule, schedules } = await explored(program, loaded);
    assert.deepEqual(schedule, program.lines);
    assert.ok(schedules <= 20, `it took ${schedules} schedules`);
    const theirs = await byFastCheck(program, loaded);
    const faked = await byFakeTimers(program, loaded);
    console.log(`${program.name}: ${schedules} schedules; fast-check ${theirs}, fake timers ${faked}`);
  });

  if (mended === undefined) continue;
  test(`${program.name} ${mended} passes`, async () => {
    const { guarantee } = await explored(program, await program.load("mended"));
    assert.match(guarantee ?? "", /pass/);
  });
}
