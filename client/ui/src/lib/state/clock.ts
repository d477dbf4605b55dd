// The time by this device's clock, for what is shown: whatever was shown by it is shown again every minute. Not a measure of how long
// something takes.
import { createSubscriber } from 'svelte/reactivity';

const EVERY_MS = 60_000;

const follow = createSubscriber((update) => {
  const timer = setInterval(update, EVERY_MS);
  return () => clearInterval(timer);
});

/** Now, in milliseconds since 1970. */
export function now(): number {
  follow();
  return Date.now();
}
