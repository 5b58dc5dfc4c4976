export default { test: { include: ["fake_timers.mjs"] } };
