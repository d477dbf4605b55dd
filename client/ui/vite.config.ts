// How the interface is built: `vite build` makes what the window shows; `--mode memory` the same over invented data, for
// tests and pictures.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => {
  const memory = mode === 'memory' || mode === 'test';
  return {
    plugins: [svelte(), svelteTesting()],
    define: { __BACKEND__: JSON.stringify(memory ? 'memory' : 'tauri') },
    clearScreen: false,
    // Tests read the codes out of the Rust sources.
    server: { host: '127.0.0.1', port: 1420, strictPort: true, fs: { allow: mode === 'test' ? ['../..'] : ['.'] } },
    // WebKitGTK 2.50; nothing inline, so that the policy of the window may stay at 'self'.
    build: {
      target: 'safari17',
      outDir: memory ? 'dist-memory' : 'dist',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    // A busy machine takes its time; a test that hangs still ends.
    test: { environment: 'happy-dom', testTimeout: 30_000, include: ['src/**/*.test.ts'], setupFiles: ['src/test-setup.ts'] },
  };
});
