// The one port to everything behind the interface. Which one is a matter of the build: invented data never ship.
import type { Backend } from './contract';

export const backend: Backend =
  __BACKEND__ === 'memory' ? (await import('./memory')).memory.backend : (await import('./tauri')).tauri;
