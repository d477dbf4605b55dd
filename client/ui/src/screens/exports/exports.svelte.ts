// What is to leave the home as a file: which parts, in which form. Not who may: Rust says so, and writes the list.
import { backend } from '../../lib/backend';
import type { ExportForm, ExportKind, ExportRequest } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';

export type Part = 'identity' | 'dossier' | 'eligibility' | 'scores';
export const PARTS: Part[] = ['identity', 'dossier', 'eligibility', 'scores'];
export const FORMS: Record<ExportKind, ExportForm[]> = { applications: ['xlsx', 'csv', 'json'], scores: ['csv'], report: ['pdf', 'html'] };

export class Export {
  what = $state<ExportKind>('applications');
  form = $state<ExportForm>('xlsx');
  parts = $state<Record<Part, boolean>>({ identity: false, dossier: false, eligibility: false, scores: false });
  names = $state(false);
  round = $state('');
  saving = new Act();

  turn(what: ExportKind): void {
    this.what = what;
    this.form = FORMS[what][0] ?? 'csv';
  }

  put(part: Part, on: boolean): void {
    this.parts = { ...this.parts, [part]: on };
  }

  /** What goes in, as the list of what left names it. */
  get inside(): string[] {
    if (this.what === 'report') return ['scores', 'names'];
    if (this.what === 'scores') return this.names ? ['scores', 'names'] : ['scores'];
    const chosen: string[] = PARTS.filter((part) => this.parts[part]);
    return this.parts.scores && this.names ? [...chosen, 'names'] : chosen;
  }

  /** Asks where and writes; the path, or null where it was called off or failed. */
  async save(): Promise<string | null> {
    let path: string | null = null;
    await this.saving.run(async () => {
      path = await backend.export(this.#request());
    });
    return path;
  }

  #request(): ExportRequest {
    const { what, form, names, round } = this;
    return { what, form, ...$state.snapshot(this.parts), names, round: round === '' ? null : round };
  }
}
