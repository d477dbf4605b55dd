// Calls back once nobody has touched the window for so many minutes, and again after as many. Not the lock itself.

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const;

/** Watches; 0 minutes never calls. Gives back how to stop. */
export function idle(minutes: number, call: () => void): () => void {
  if (minutes === 0) return () => undefined;
  let timer: ReturnType<typeof setTimeout>;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(fire, minutes * 60_000);
  };
  const fire = () => {
    again();
    call();
  };
  again();
  for (const sign of SIGNS) window.addEventListener(sign, again, { passive: true });
  return () => {
    clearTimeout(timer);
    for (const sign of SIGNS) window.removeEventListener(sign, again);
  };
}
