// What was typed from scans of the invented world, and the act. Not the files (`dossiers.ts`).
import type { Backend, FileView } from '../contract';
import { refused, type World } from './world';

type Part = Pick<Backend, 'fileTyped' | 'typeFile'>;

const PAGE_BYTES = 32 * 1024;
/** Which text it is: one stands beside a file here. */
const TEXT = 'typed';

export function typed(world: World): Part {
  return {
    fileTyped: (handle) => {
      const known = world.typed.get(handle);
      const office = world.me?.roles.includes('coordinator') ?? false;
      return Promise.resolve({ pages: [...(known?.pages ?? [])], by: known !== undefined && office ? [known.by] : [], lacks: false, texts: known === undefined ? [] : [TEXT] });
    },
    typeFile: (handle, given) => {
      const pages = given.map((page) => page.trim());
      while (pages.at(-1) === '') pages.pop();
      if (pages.some((page) => new TextEncoder().encode(page).length > PAGE_BYTES)) return refused('too-long', 'the text is too long');
      if (pages.length === 0) world.typed.delete(handle);
      else world.typed.set(handle, { pages, by: world.me?.name ?? '' });
      world.changed();
      return Promise.resolve(pages.length === 0 ? [] : [TEXT]);
    },
  };
}

/** Files, with word of what was typed from them. */
export function withTyped(world: World, files: FileView[]): FileView[] {
  return files.map((file) => ({ ...file, typed: world.typed.has(file.handle) }));
}
