// Where a browser paints: the pure model of its loop tells each order that its rules allow, on any host. A frame comes between
// tasks, never inside the microtasks of one; its callbacks run just before it.

import { predictOrders } from "../../testing.ts";

const orders = predictOrders((loop) => {
  loop.log("script");
  loop.setTimeout(() => {
    loop.log("timer");
    loop.promise(() => loop.log("promise of the timer"));
  }, 0);
  loop.animationFrame(() => {
    loop.log("frame");
    loop.promise(() => loop.log("promise of the frame"));
  });
  loop.promise(() => loop.log("promise"));
}, "browser");
for (const order of orders.map((entries) => entries.join(", ")).sort()) console.log(order);
