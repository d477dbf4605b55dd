// Calls back once nobody has touched the window for so many minutes. Not the lock itself.

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const;

/** Watches; 0 minutes never calls. Gives back how to stop. */
export function idle(minutes: number, call: () => void): () => void {
  if (minutes === 0) return () => undefined;
  let timer = setTimeout(call, minutes * 60_000);
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(call, minutes * 60_000);
  };
  for (const sign of SIGNS) window.addEventListener(sign, again, { passive: true });
  return () => {
    clearTimeout(timer);
    for (const sign of SIGNS) window.removeEventListener(sign, again);
  };
}
