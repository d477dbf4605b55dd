// Mistakes and remarks of an import in words, by their codes. Not what is a mistake: Rust says so.
import type { ProblemView, RemarkView } from '../../lib/backend/contract';
import { list } from '../../lib/i18n/format';
import { say } from '../../lib/i18n/i18n.svelte';

/** What is wrong, and what to do about it; an unknown code says what Rust said. */
export function problemWords({ code, value, text }: ProblemView): { wrong: string; next: string | null } {
  return {
    wrong: say(`intake.problem.${code}`, { value }) ?? say(`review.lacks.${code}`) ?? say(`error.${code}`) ?? text,
    next: say(`intake.problem.${code}.next`) ?? say(`error.${code}.next`),
  };
}

export interface RemarkGroup {
  code: string;
  title: string;
  rows: RemarkView[];
}

/** Remarks of one kind together, the most frequent first. */
export function grouped(remarks: RemarkView[]): RemarkGroup[] {
  const groups = new Map<string, RemarkView[]>();
  for (const remark of remarks) groups.set(remark.code, [...(groups.get(remark.code) ?? []), remark]);
  return [...groups.entries()]
    .map(([code, rows]) => ({ code, rows, title: say(`intake.remark.${code}`, { count: rows.length }) ?? (rows[0]?.text ?? code) }))
    .sort((one, other) => other.rows.length - one.rows.length);
}

/** What a remark is about, for its line in a group. */
export function about(remark: RemarkView): string {
  return remark.about.length > 0 ? list(remark.about) : remark.text;
}

/** A table of mistakes to paste into a mail or a spreadsheet. */
export function asText(problems: ProblemView[], head: string[]): string {
  const clean = (cell: string | number | null) => String(cell ?? '').replace(/[\t\r\n]+/g, ' ');
  const lines = problems.map((problem) => [problem.row, problem.key, problem.column, problemWords(problem).wrong].map(clean).join('\t'));
  return [head.join('\t'), ...lines].join('\n');
}
