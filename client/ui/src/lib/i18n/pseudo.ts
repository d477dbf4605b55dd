// The pseudo-locale: English with accents, a third longer and in brackets, so that tests and eyes find text that was never
// given to translators, or that has no room to grow. Not a language that people choose.
import type { IntlMessageFormat } from 'intl-messageformat';

type Ast = ReturnType<IntlMessageFormat['getAst']>;
type Element = Ast[number];

const LITERAL = 0;
const PLAIN = 'aceinosuyzACEINOSUYZdghlrt';
const ACCENT = 'àçéîñöšûýžÀÇÉÎÑÖŠÛÝŽđĝĥļŕţ';

/** Accents every literal of a message, and pads the whole. */
export function accented(ast: Ast): Ast {
  const length = ast.reduce((sum, part) => sum + (part.type === LITERAL ? part.value.length : 4), 0);
  const pad = '·'.repeat(Math.ceil(length / 3));
  return [literal('['), ...ast.map(accent), literal(`${pad}]`)];
}

function literal(value: string): Element {
  return { type: LITERAL, value };
}

function accent(part: Element): Element {
  if (part.type === LITERAL) return { ...part, value: [...part.value].map(letter).join('') };
  if ('options' in part) {
    const options = Object.entries(part.options).map(([name, option]) => [
      name,
      { ...option, value: option.value.map(accent) },
    ]);
    return { ...part, options: Object.fromEntries(options) } as Element;
  }
  return part;
}

function letter(of: string): string {
  const at = PLAIN.indexOf(of);
  return at < 0 ? of : (ACCENT[at] ?? of);
}
