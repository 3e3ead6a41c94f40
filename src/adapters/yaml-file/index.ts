/** YAML that people write: checked as a whole, every mistake at once with its line and column. */
import type { z } from 'zod';
import type { Mistake } from '../../contracts/failures';
import { escaped, escapedAt } from '../../domain/escaped';
import { findingsOf, type Finding } from '../../domain/findings';
import { readYaml, type Placed, type Source } from './source';

/** `value` is there when there is no mistake. */
export interface Checked<T> {
  value?: T;
  mistakes: Mistake[];
}

/**
 * @param file as mistakes name it
 * @param more what is wrong beyond shapes, of a value whose shape may be wrong, too
 */
export function checkYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  more: (value: unknown) => Finding[] = () => [],
): Checked<z.output<S>> {
  const source = readYaml(text);
  const parsed = schema.safeParse(source.value);
  const findings = source.whole
    ? [...findingsOf(parsed.error?.issues ?? [], source.value, schema), ...more(source.value)]
    : [];
  // a key that is wrong as YAML is not told again as an unknown one
  const told = new Set(source.findings.map(({ finding }) => finding.path.join('\0')));
  const others = findings.filter(({ path, atKey }) => !(atKey && told.has(path.join('\0'))));
  const placed = [...source.findings, ...others.map((finding) => source.place(finding))];
  if (parsed.success && placed.length === 0) return { value: parsed.data, mistakes: [] };
  placed.sort((one, other) => one.offset - other.offset);
  return { mistakes: placed.map((each) => mistakeOf(file, source, each)) };
}

function mistakeOf(file: string, source: Source, { offset, finding }: Placed): Mistake {
  const { line, col } = source.position(offset);
  const path = `${file}:${line}:${col} ${finding.path.map(escaped).join('.')}`.trimEnd();
  return { code: finding.code, path, value: escapedAt(finding.path, finding.value), rule: finding.rule };
}
