// The exports are put there in a loop.
const tasks = require("./tasks.cjs");

for (const name of Object.keys(tasks)) exports[name] = tasks[name];
