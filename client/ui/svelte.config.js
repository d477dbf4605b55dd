// Svelte's own settings: runes everywhere, and warnings that stop a check.
export default { compilerOptions: { runes: true } };
