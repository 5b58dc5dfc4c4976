export default { double: (n) => 2 * n, half: (n) => n / 2 };
