// A scan from which a coordinator types what it says: its pages, what stands there, what is typed. Not the looks.
import { backend } from '../../lib/backend';
import type { FileView, PageInfo, TypedView } from '../../lib/backend/contract';
import { t } from '../../lib/i18n/i18n.svelte';
import { sayUndoable } from '../../lib/state/undo';
import { View } from '../../lib/state/view.svelte';
import { Held, SaveQueue } from '../reviewer/save-queue.svelte';

export interface Scan {
  /** Of the application. */
  key: string;
  file: FileView;
  /** What is drawn: the file, or its light copy while it is not here. */
  drawn: string;
  info: PageInfo;
  typed: TypedView;
}

const held = new Held<Typing>();

export class Typing {
  readonly view = new View(() => this.#read());
  /** What each page says, as it is on screen. */
  pages = $state<string[]>([]);
  /** Everybody gets what is saved: it waits until somebody saves it, or leaves. */
  readonly saving = new SaveQueue(() => this.#save(), () => this.pages, null);
  /** What stands there. */
  #before: string[] = [];
  /** Which texts that is. */
  #texts: string[] = [];

  constructor(
    readonly application: string,
    readonly handle: string,
  ) {}

  /** The typing of a file: the one that holds something unsaved, else as it is on this device. */
  static at(application: string, handle: string): Typing {
    return held.at(`${application} ${handle}`, () => new Typing(application, handle));
  }

  get unsaved(): boolean {
    return this.saving.unsaved;
  }

  type(at: number, text: string): void {
    this.pages[at] = text;
    this.saving.change();
  }

  /** Saves all pages as one, with a way back. */
  async #save(): Promise<void> {
    const file = this.view.value?.file;
    const [now, before] = [$state.snapshot(this.pages), this.#before];
    if (file === undefined || now.every((page, at) => page === before[at])) return;
    const texts = await backend.typeFile(file.handle, now, this.#texts);
    this.#texts = texts;
    this.#before = now;
    const empty = now.every((page) => page.trim() === '');
    sayUndoable(empty ? t('typed.cleared', { name: file.name }) : t('typed.saved', { name: file.name }), () => backend.typeFile(file.handle, before, texts));
  }

  async #read(): Promise<Scan> {
    await this.saving.ended();
    const isNewest = this.saving.since();
    const { key, files } = await backend.application(this.application);
    const file = files.find(({ handle }) => handle === this.handle);
    if (file === undefined) throw { code: 'not-found', message: 'this file is not here' };
    const drawn = file.here || file.lightCopy === null ? file.handle : file.lightCopy.handle;
    const [info, typed] = await Promise.all([backend.filePages(drawn), backend.fileTyped(file.handle)]);
    // One that cannot be drawn page by page is typed as one page.
    const count = Math.max(info.pages.length, typed.pages.length, 1);
    // What is typed and not saved stays.
    if (isNewest()) {
      this.pages = Array.from({ length: count }, (_, at) => typed.pages[at] ?? '');
      this.#before = $state.snapshot(this.pages);
      this.#texts = typed.texts;
    }
    return { key, file, drawn, info, typed };
  }
}
