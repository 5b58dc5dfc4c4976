const more = { half: (n) => n / 2 };
module.exports = { ...more, double: (n) => 2 * n };
