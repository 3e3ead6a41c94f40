/** YAML with a memory of where everything stood, and without what makes YAML a trap. */
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type ParsedNode,
  type Scalar,
} from 'yaml';
import type { Finding } from '../../domain/findings';
import { tooDeepAt } from './depth';

export interface Source {
  /** undefined when the text is no YAML */
  value: unknown;
  /** true when `value` says what the text says */
  whole: boolean;
  /** what is wrong with the text as YAML, and what other YAML readers would take for something else */
  findings: Placed[];
  /** where a finding stands; that of a missing value stands at the nearest thing around it */
  place(finding: Finding): Placed;
  /** 1-based */
  position(offset: number): { line: number; col: number };
}

export interface Placed {
  /** in the text, characters */
  offset: number;
  finding: Finding;
}

type Node = ParsedNode | null | undefined;

/** Aliases multiply: ten lines can stand for gigabytes. */
const MAX_ALIASES = 100;
/** Text here, but true or false to readers of YAML 1.1 such as Ansible. */
const OLD_BOOLEAN = /^(y|n|yes|no|on|off)$/i;
/** Words that some reader of YAML takes for no text: numbers, times, dates, null, true. */
const NO_NAME =
  /^([-+]?[\d_]*\.?\d[\d_]*(e[-+]?\d+)?|0[xob][\da-f_]+|\d+(:\d\d?)+|\d{4}-\d\d?-\d\d?|~|null|true|false|[-+]?\.inf|\.nan)$/i;

/** Offsets of what stands at a path, which is joined by NUL. */
type Places = Map<string, { key: number; value: number }>;
const joined = (path: readonly string[]) => path.join('\0');

export function readYaml(text: string): Source {
  const lines = new LineCounter();
  const deep = tooDeepAt(text);
  if (deep !== undefined) return tooDeep(text, deep);
  const document = parseDocument(text, {
    lineCounter: lines,
    strict: true,
    stringKeys: true,
    version: '1.2',
    schema: 'core',
    merge: false,
    prettyErrors: false,
    logLevel: 'error',
    // told below with their path; the library compares each key with each other one
    uniqueKeys: false,
  });
  const places: Places = new Map();
  const broken = syntaxFindings(document, text, lines);
  const { value, findings } =
    broken.length > 0 ? { value: undefined, findings: broken } : valueOf(document, places);
  return {
    value,
    whole: value !== undefined,
    findings,
    place: (finding) => ({ offset: offsetOf(places, finding), finding }),
    position: (offset) => lines.linePos(offset),
  };
}

/** The text up to there is read for its lines alone. */
function tooDeep(text: string, offset: number): Source {
  const before = text.slice(0, offset);
  const position = { line: before.split('\n').length, col: offset - before.lastIndexOf('\n') };
  const finding = placed(offset, 'tooDeep', [], text.charAt(offset), 'nested too deep');
  return {
    value: undefined,
    whole: false,
    findings: [finding],
    place: (other) => ({ offset, finding: other }),
    position: () => position,
  };
}

function valueOf(document: Document.Parsed, places: Places): { value: unknown; findings: Placed[] } {
  const findings: Placed[] = [];
  if (document.contents === null) {
    const rule = 'the file is empty';
    return { value: undefined, findings: [placed(0, 'empty', [], undefined, rule)] };
  }
  places.set('', { key: document.contents.range[0], value: document.contents.range[0] });
  walk(document.contents, [], places, findings);
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, findings };
  } catch (error) {
    const rule = `${(error as Error).message}: write the values out`;
    return {
      value: undefined,
      findings: [...findings, placed(firstAlias(document), 'alias', [], 'an alias', rule)],
    };
  }
}

/** One finding for each kind of error in a line: one wrong character may give hundreds. */
function syntaxFindings(document: Document.Parsed, text: string, lines: LineCounter): Placed[] {
  const seen = new Map<string, Placed>();
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const rule = code === 'TAB_AS_INDENT' ? 'tabs cannot indent in YAML: use spaces' : message;
    const key = `${code} ${lines.linePos(pos[0]).line}`;
    // one character only: the rest of the line may be a secret
    if (!seen.has(key)) seen.set(key, placed(pos[0], 'syntax', [], text.slice(pos[0], pos[0] + 1), rule));
  }
  return [...seen.values()];
}

function walk(node: Node, path: string[], places: Places, findings: Placed[]): void {
  if (isMap(node)) {
    for (const { key, value } of node.items as { key: Scalar.Parsed; value: Node }[]) {
      const name = String(key.value);
      const inner = [...path, name];
      const twice = places.has(joined(inner));
      const rule = twice ? 'this key stands twice in the same map' : keyRule(key, name);
      if (rule) findings.push(placed(key.range[0], 'key', inner, name, rule));
      // the second one has the same paths inside
      if (twice) continue;
      places.set(joined(inner), { key: key.range[0], value: value?.range[0] ?? key.range[0] });
      walk(value, inner, places, findings);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of (node.items as Node[]).entries()) {
      const inner = [...path, String(index)];
      const offset = item?.range[0] ?? node.range[0];
      places.set(joined(inner), { key: offset, value: offset });
      walk(item, inner, places, findings);
    }
  } else if (isScalar(node) && node.type === 'PLAIN' && OLD_BOOLEAN.test(node.source ?? '')) {
    const rule = 'some YAML readers take this for true or false: put it in quotes, or write true or false';
    findings.push(placed(node.range[0], 'ambiguous', path, node.source, rule));
  }
}

function keyRule(key: Scalar, name: string): string | undefined {
  // JavaScript's own words would not arrive as keys of their own
  if (name === '__proto__') return 'this word cannot be a name';
  if (key.type !== 'PLAIN' || !(OLD_BOOLEAN.test(name) || NO_NAME.test(name))) return undefined;
  return 'some YAML readers do not take this for a name: put it in quotes';
}

function firstAlias(document: Document.Parsed): number {
  let offset = 0;
  visit(document, {
    Alias(_key, node) {
      offset = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

/** What does not stand in the file is placed at the nearest thing around it. */
function offsetOf(places: Places, { path, atKey }: Finding): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(joined(path.slice(0, length)));
    if (place) return atKey && length === path.length ? place.key : place.value;
  }
  return 0;
}

function placed(offset: number, code: string, path: string[], value: unknown, rule: string): Placed {
  return { offset, finding: { code, path, value, rule } };
}
