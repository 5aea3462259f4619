/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwind from '@tailwindcss/vite';
import { defineConfig } from 'vite';

// The server that `npx vite` asks while pages are written.
const server = process.env['ASSAY_SERVER'] ?? 'http://127.0.0.1:8420';
// A page of another origin may not change anything, so the name of the host stays.
const to = { target: server, changeOrigin: false, ws: true };
const proxy = { '/api': to, '/auth': to, '/health': to };

export default defineConfig({
  // Addresses are relative to `<base>`, which the server sets: the pages work below any path.
  base: './',
  plugins: [tailwind(), svelte()],
  resolve: { alias: { $lib: new URL('./src/lib', import.meta.url).pathname } },
  build: {
    outDir: 'dist/app',
    emptyOutDir: true,
    target: 'es2023',
    // Data addresses in styles and inline scripts are refused by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy },
  preview: { proxy },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
