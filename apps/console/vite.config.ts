import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Built once at `npm ci` into dist/console at the repository root; the server gives it out as plain files.
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./", // works under any path of any proxy
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL("../../dist/console", import.meta.url)),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // no data: URLs, so that the page policy needs none
    modulePreload: { polyfill: false },
    reportCompressedSize: false, // half the build time, and nobody reads it at install
    chunkSizeWarningLimit: 1024,
  },
});
