// The backend of the window: to be joined to the generated bindings. Until then every act says that there is none.
import type { Backend, Failure } from './contract';

function refuse(): never {
  const none: Failure = { code: 'no-backend', message: 'This build has no backend.', hint: null, at: null };
  throw none;
}

export const tauri = new Proxy({} as Backend, { get: () => refuse });
