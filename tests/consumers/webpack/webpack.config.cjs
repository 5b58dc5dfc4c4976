const common = { mode: "production", context: __dirname, devtool: false, performance: false };

module.exports = ({ elsewhere }) => [
  {
    ...common,
    name: "module",
    target: "node20",
    entry: { main: "./src/main.js" },
    experiments: { outputModule: true },
    output: {
      path: `${elsewhere}/module`,
      filename: "[name].mjs",
      module: true,
      chunkFormat: "module",
      chunkFilename: "[id].mjs",
    },
  },
  {
    ...common,
    name: "commonjs",
    target: "node20",
    entry: { main: "./src/main.js" },
    output: { path: `${elsewhere}/commonjs`, filename: "[name].cjs", chunkFilename: "[id].cjs" },
  },
  {
    ...common,
    name: "web",
    target: "web",
    entry: { main: "./src/page_main.js" },
    output: { path: `${__dirname}/page` },
  },
];
