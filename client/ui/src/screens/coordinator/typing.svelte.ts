// A scan from which a coordinator types what it says: its pages, what stands there, what is typed. Not the looks.
import { backend } from '../../lib/backend';
import type { FileView, PageInfo, TypedView } from '../../lib/backend/contract';
import { t } from '../../lib/i18n/i18n.svelte';
import { Act } from '../../lib/state/act.svelte';
import { sayUndoable } from '../../lib/state/undo';
import { View } from '../../lib/state/view.svelte';

export interface Scan {
  /** Of the application. */
  key: string;
  file: FileView;
  /** What is drawn: the file, or its light copy while it is not here. */
  drawn: string;
  info: PageInfo;
  typed: TypedView;
}

export class Typing {
  readonly view = new View(() => this.#read());
  /** What each page says, as it is on screen. */
  pages = $state<string[]>([]);
  act = new Act();
  /** What stands there. */
  #before: string[] = [];
  /** Which texts that is. */
  #texts: string[] = [];

  constructor(
    readonly application: string,
    readonly handle: string,
  ) {}

  /** Saves all pages as one, with a way back; whether nothing is left to save. */
  async keep(): Promise<boolean> {
    const file = this.view.value?.file;
    const [now, before] = [$state.snapshot(this.pages), this.#before];
    if (file === undefined || now.every((page, at) => page === before[at])) return true;
    const put = async () => void (this.#texts = await backend.typeFile(file.handle, now, this.#texts));
    if (!(await this.act.run(put))) return false;
    const texts = this.#texts;
    this.#before = now;
    const empty = now.every((page) => page.trim() === '');
    sayUndoable(empty ? t('typed.cleared', { name: file.name }) : t('typed.saved', { name: file.name }), () => backend.typeFile(file.handle, before, texts));
    return true;
  }

  async #read(): Promise<Scan> {
    const { key, files } = await backend.application(this.application);
    const file = files.find(({ handle }) => handle === this.handle);
    if (file === undefined) throw { code: 'not-found', message: 'this file is not here' };
    const drawn = file.here || file.lightCopy === null ? file.handle : file.lightCopy.handle;
    const [info, typed] = await Promise.all([backend.filePages(drawn), backend.fileTyped(file.handle)]);
    // One that cannot be drawn page by page is typed as one page.
    const count = Math.max(info.pages.length, typed.pages.length, 1);
    this.pages = Array.from({ length: count }, (_, at) => typed.pages[at] ?? '');
    this.#before = $state.snapshot(this.pages);
    this.#texts = typed.texts;
    return { key, file, drawn, info, typed };
  }
}
