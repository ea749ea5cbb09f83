import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^@millwright\/sdk\/contract\/(.*)$/, replacement: `${here("../sdk/src/contract")}/$1.ts` },
      { find: /^@millwright\/sdk$/, replacement: here("../sdk/src/index.ts") },
    ],
  },
  build: {
    outDir: here("../dist/web"),
    emptyOutDir: true,
    reportCompressedSize: false,
    rollupOptions: {
      onwarn: (warning, warn) => {
        // zod places a few annotations where Rollup ignores them; nothing depends on them.
        if (warning.code !== "INVALID_ANNOTATION") warn(warning);
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:7400" } },
});
