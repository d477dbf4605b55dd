// What readers of blind rounds and of open ones get of an invented application. Rust's rules in small.
import type { ApplicationView, RenditionView, SeenBy } from '../contract';
import { BLIND_ROUNDS, OPEN_ROUNDS, type Invented } from './applications';
import { files, sections } from './dossiers';

type Section = ApplicationView['sections'][number];

/** Letters name the applicant: blind readers do not get them. */
const OPEN_SLOT = 'letters';
const STEMS: Record<string, string> = { cv: 'cv-1.txt', media: 'media-1.bin' };
const names = (rounds: { label: string }[]) => rounds.map(({ label }) => label);

/** Everything that readers of open rounds read; of the organisation those of blind rounds hear nothing. */
export function read(one: Invented): Section[] {
  const line = (field: string, label: string, text: string): Section => ({ field, label, help: null, text, words: text.split(/\s+/).length });
  return [...sections(one.n), line('country', 'Country', one.country), line('organisation', 'Organisation', one.organisation)];
}

export function renditions(one: Invented): RenditionView[] {
  const all = read(one);
  const card = all.slice(-2).map(({ field, label, text }) => ({ field, label, value: text }));
  const given = files(one.n).map(({ slot, contents, name }) => ({ slot, contents, name }));
  const leak = one.n % 4 === 1 ? [{ label: 'Networks', of: 'Organisation' }] : [];
  return [
    { blind: false, rounds: names(OPEN_ROUNDS), label: one.key, card, sections: all, files: given, leaks: [] },
    {
      blind: true, rounds: names(BLIND_ROUNDS), label: one.key, card: card.slice(0, 1), sections: all.slice(0, -1), leaks: leak,
      files: given.flatMap((file) => (file.slot === OPEN_SLOT ? [] : [{ ...file, name: STEMS[file.slot] ?? 'file-1.bin' }])),
    },
  ];
}

export function seen(one: Invented): ApplicationView['seen'] {
  const by = (fields: string[], readers: SeenBy) => Object.fromEntries(fields.map((field) => [field, readers]));
  return {
    ...by(read(one).map(({ field }) => field), { kind: 'everybody' }), ...by(['name', 'email', 'born'], { kind: 'nobody' }),
    organisation: { kind: 'rounds', rounds: names(OPEN_ROUNDS) },
  };
}
