// What pages do with `requestIdleCallback` and `requestAnimationFrame`, on any host: `whenIdle` comes when nothing more urgent is
// left; `nextFrame` keeps a beat. Every host prints the same.

import { group, nextFrame, whenIdle } from "../../mod.ts";

await group((g) => {
  g.spawn(async () => {
    const idle = await whenIdle({ timeout: 10_000 });
    console.log(`idle${idle.didTimeout ? ", too late" : ""}`);
  });
  for (const name of ["first", "second"]) g.spawn(() => console.log(`${name} task`));
});

let frames = 0;
const began = performance.now();
while (frames < 3) {
  await nextFrame({ rate: 100 });
  frames++;
}
console.log(`${frames} frames, ${performance.now() - began >= 20 ? "not faster than their rate" : "too fast"}`);
