import { defineConfig } from "vite";

export default defineConfig(({ mode }) => ({
  // Bundled, the package needs no node_modules where it runs; external is Vite's default.
  ssr: { noExternal: mode === "bundled" ? true : [] },
  build: {
    ssr: true,
    target: "node20",
    outDir: process.env.OUT,
    emptyOutDir: true,
    rolldownOptions: { input: ["src/main.ts", "src/tasks.ts"], output: { entryFileNames: "[name].js" } },
  },
}));
