import { nodeResolve } from "@rollup/plugin-node-resolve";

const names = { entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" };

export default ({ configElsewhere: elsewhere }) => ({
  input: ["src/main.mjs", "src/tasks.mjs"],
  external: /^node:/,
  plugins: [nodeResolve({ exportConditions: ["node"] })],
  output: [
    { dir: `${elsewhere}/chunks`, format: "es", ...names },
    { dir: `${elsewhere}/modules`, format: "es", preserveModules: true, preserveModulesRoot: "src", ...names },
  ],
});
