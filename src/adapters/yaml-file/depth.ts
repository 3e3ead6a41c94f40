import { CST, Lexer } from 'yaml';

const DEEPEST_BRACKETS = 20;
const WIDEST_INDENT = 120;
const OPENS = ['flow-seq-start', 'flow-map-start'];
const CLOSES = ['flow-seq-end', 'flow-map-end'];
const INDICATORS = ['seq-item-ind', 'explicit-key-ind', 'map-value-ind'];

/**
 * Where the text is nested deeper than anybody writes by hand. Must be asked before the text is parsed: some
 * hundred levels exhaust the stack, and where that happens inside a regular expression node itself ends.
 *
 * @returns an offset in characters
 */
export function tooDeepAt(text: string): number | undefined {
  let offset = 0;
  let column = 0;
  let brackets = 0;
  let indicators = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    // marks of the lexer that do not stand in the text
    if (['doc-mode', 'scalar', 'flow-error-end'].includes(type ?? '')) continue;
    if (OPENS.includes(type ?? '')) brackets += 1;
    if (CLOSES.includes(type ?? '')) brackets -= 1;
    if (INDICATORS.includes(type ?? '') && brackets === 0) indicators += 1;
    const indented = type === 'space' && column === 0 && token.length > WIDEST_INDENT;
    if (brackets > DEEPEST_BRACKETS || indicators > DEEPEST_BRACKETS || indented) return offset;
    offset += token.length;
    column += token.length;
    if (type === 'newline') column = indicators = 0;
  }
  return undefined;
}
