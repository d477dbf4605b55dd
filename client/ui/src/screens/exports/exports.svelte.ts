// What is to leave the home as a file: which parts, in which form. Not who may: Rust says so, and writes the list.
import { backend } from '../../lib/backend';
import type { DossierChoice, DossierRequest, ExportForm, ExportKind, ExportRequest } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { paper } from './paper';

export type What = ExportKind | 'dossier';
export type Part = 'identity' | 'dossier' | 'eligibility' | 'scores' | 'rulings';
/** What can be chosen of a table, and what beside what readers read of a dossier. */
export const PARTS: Part[] = ['identity', 'dossier', 'eligibility', 'scores'];
export const DOSSIER_PARTS: Part[] = ['identity', 'scores', 'rulings'];
export const FORMS: Record<What, ExportForm[]> = {
  applications: ['xlsx', 'csv', 'json'], scores: ['csv'], report: ['pdf', 'html'], dossier: ['pdf', 'html'],
  ranking: ['xlsx', 'csv', 'json'], calibration: ['xlsx', 'csv', 'json'], selection: ['xlsx', 'csv', 'json'], snapshot: ['json'],
};
/** In the order in which they are offered. */
export const WHATS: What[] = ['applications', 'scores', 'ranking', 'calibration', 'selection', 'snapshot', 'report', 'dossier'];
/** What is calculated from scores and names no reader. */
export const FIGURES: What[] = ['ranking', 'calibration', 'selection', 'snapshot'];

export class Export {
  what = $state<What>('applications');
  form = $state<ExportForm>('xlsx');
  parts = $state<Record<Part, boolean>>({ identity: false, dossier: false, eligibility: false, scores: false, rulings: false });
  names = $state(false);
  round = $state('');
  /** Whose dossiers, and whether each is a file of its own. */
  which = $state<Exclude<DossierChoice, 'named'>>('all');
  files = $state<'one' | 'each'>('one');
  saving = new Act();
  readonly #named: string[];

  /** Without names a choice of everything; with them the dossiers of these applications. */
  constructor(named: string[] = []) {
    this.#named = named;
    if (named.length > 0) this.turn('dossier');
  }

  turn(what: What): void {
    this.what = what;
    this.form = FORMS[what][0] ?? 'csv';
  }

  put(part: Part, on: boolean): void {
    this.parts = { ...this.parts, [part]: on };
  }

  /** What goes in, as the list of what left names it. */
  get inside(): string[] {
    if (this.what === 'report') return ['scores', 'names'];
    if (FIGURES.includes(this.what)) return ['figures'];
    if (this.what === 'scores') return this.names ? ['scores', 'names'] : ['scores'];
    const { parts } = this;
    if (this.what === 'dossier') {
      const all = { identity: parts.identity, dossier: true, scores: parts.scores, names: parts.scores && this.names, rulings: parts.rulings };
      return Object.entries(all).flatMap(([part, on]) => (on ? [part] : []));
    }
    const chosen: string[] = PARTS.filter((part) => parts[part]);
    return parts.scores && this.names ? [...chosen, 'names'] : chosen;
  }

  /** Asks where and writes; the path, or null where it was called off or failed. */
  async save(): Promise<string | null> {
    let path: string | null = null;
    await this.saving.run(async () => {
      path = this.what === 'dossier' ? await backend.exportDossiers(this.#dossiers()) : await backend.export(this.#request(this.what));
    });
    return path;
  }

  #request(what: ExportKind): ExportRequest {
    const { form, names, round } = this;
    const { identity, dossier, eligibility, scores } = this.parts;
    return { what, form, identity, dossier, eligibility, scores, names, round: round === '' ? null : round };
  }

  #dossiers(): DossierRequest {
    const { form, names, files } = this;
    const { identity, scores, rulings } = this.parts;
    const named = this.#named;
    return { which: named.length > 0 ? 'named' : this.which, applications: [...named], form, each: files === 'each', identity, scores, names: names && scores, rulings, words: paper() };
  }
}
