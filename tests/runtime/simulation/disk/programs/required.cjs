const { readFileSync } = require("node:fs");

/** What a read of a file fails with. */
function failureOf(path) {
  try {
    readFileSync(path);
  } catch (error) {
    return error.code;
  }
}

exports.text = readFileSync("/log", "utf8");
exports.missing = failureOf(__filename);
