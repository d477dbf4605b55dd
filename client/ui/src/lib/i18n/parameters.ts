// What a message asks of its parameters: whether each is a number, a word to choose by, or a text. Not their values.
import type { IntlMessageFormat } from 'intl-messageformat';

type Ast = ReturnType<IntlMessageFormat['getAst']>;
/** Words to choose by are named; a code's hyphens are `_` in them, as messages know no other. */
type Use = 'number' | 'text' | Set<string>;

const LITERAL = 0;
const NUMBER = 2;
const SELECT = 5;
const PLURAL = 6;
const POUND = 7;

/** The parameters of a message by name. One that is counted or chosen by anywhere is that everywhere. */
export function parameters(ast: Ast, found = new Map<string, Use>()): Map<string, Use> {
  for (const part of ast) {
    if (part.type === LITERAL || part.type === POUND) continue;
    if (part.type === NUMBER || part.type === PLURAL) found.set(part.value, 'number');
    else if (part.type === SELECT) found.set(part.value, new Set(Object.keys(part.options)));
    else if (!found.has(part.value)) found.set(part.value, 'text');
    if ('options' in part) for (const option of Object.values(part.options)) parameters(option.value, found);
  }
  return found;
}

/** A figure that came as text, where it is one: plurals and decimal signs want numbers. */
export function figure(value: string): string | number {
  return /^-?(0|[1-9]\d{0,11})(\.\d{1,3})?$/.test(value) ? Number(value) : value;
}
