// Places of a dossier that comments point to: which one its reader is at, and bringing one into sight. Places are marked in the page
// by `data-field`, or `data-file` with `data-page`. Not what a place is called (`review.svelte.ts`).
import { tick } from 'svelte';
import type { PinView } from '../../lib/backend/contract';

/** How long the pages of a file may take to come, in milliseconds. */
const PATIENCE_MS = 5000;
/** Of what is seen, the part above which something is being read. */
const READING = 1 / 3;

function pinOf({ dataset }: HTMLElement): PinView | null {
  if (dataset.field !== undefined) return { kind: 'field', field: dataset.field };
  return dataset.file === undefined ? null : { kind: 'page', file: dataset.file, page: Number(dataset.page) };
}

/** The place that is being read: the last that begins above the upper third of what is seen. */
export function placeIn(article: HTMLElement): PinView | null {
  const frame = scroller(article).getBoundingClientRect();
  const line = frame.top + frame.height * READING;
  const places = [...article.querySelectorAll<HTMLElement>('[data-field], [data-file]')];
  const seen = places.filter((place) => place.getBoundingClientRect().bottom > frame.top);
  const read = seen.filter((place) => place.getBoundingClientRect().top <= line);
  const place = read.at(-1) ?? seen[0] ?? places.at(-1);
  return place === undefined ? null : pinOf(place);
}

/** The element that scrolls what is in it: the article, or whatever holds it. */
function scroller(article: HTMLElement): HTMLElement {
  for (let element: HTMLElement | null = article; element !== null; element = element.parentElement) {
    if (element.scrollHeight > element.clientHeight && getComputedStyle(element).overflowY !== 'visible') return element;
  }
  return document.documentElement;
}

/** Tells where the reader is, now and after each scrolling; gives back how to stop. */
export function followPlace(article: HTMLElement, tell: (place: PinView | null) => void): () => void {
  let frame = 0;
  const look = () => tell(placeIn(article));
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(look);
  };
  look();
  document.addEventListener('scroll', later, { capture: true, passive: true });
  return () => {
    cancelAnimationFrame(frame);
    document.removeEventListener('scroll', later, { capture: true });
  };
}

/** Brings a place into sight, and the focus there; false where the dossier has it no more. */
export async function showPin(pin: PinView, within?: HTMLElement): Promise<boolean> {
  await tick();
  const article = within ?? document.querySelector<HTMLElement>('article') ?? document.body;
  const place = pin.kind === 'field' ? element(article, '[data-field]', { field: pin.field }) : await page(article, pin);
  if (place === null) return false;
  place.scrollIntoView({ block: 'start' });
  const target = place.querySelector<HTMLElement>('h2, h3, summary') ?? place;
  if (target === place) place.tabIndex = -1;
  target.focus({ preventScroll: true });
  return true;
}

function element(within: HTMLElement, name: string, data: Record<string, string>): HTMLElement | null {
  const wanted = Object.entries(data);
  const fits = (place: HTMLElement) => wanted.every(([key, value]) => place.dataset[key] === value);
  return [...within.querySelectorAll<HTMLElement>(name)].find(fits) ?? null;
}

/** A page of a file, once it is drawn; the file where it has no such page. */
async function page(article: HTMLElement, pin: { file: string; page: number }): Promise<HTMLElement | null> {
  const file = element(article, 'details', { file: pin.file });
  if (!(file instanceof HTMLDetailsElement)) return null;
  file.open = true;
  const drawn = () => element(file, 'figure', { file: pin.file, page: String(pin.page) });
  if (drawn() !== null || file.querySelector('pre') !== null) return drawn() ?? file;
  await new Promise<void>((done) => {
    const end = () => {
      observer.disconnect();
      clearTimeout(patience);
      done();
    };
    const observer = new MutationObserver(() => {
      if (file.querySelector('figure, pre') !== null) end();
    });
    const patience = setTimeout(end, PATIENCE_MS);
    observer.observe(file, { childList: true, subtree: true });
  });
  return drawn() ?? file;
}
