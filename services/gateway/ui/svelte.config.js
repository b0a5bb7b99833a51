import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  // A strict content security policy forbids style elements made by scripts.
  compilerOptions: { css: 'external', runes: true },
};
