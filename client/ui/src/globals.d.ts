// What the build defines.

/** The backend that this build has: the window's, or invented data. */
declare const __BACKEND__: 'tauri' | 'memory';
