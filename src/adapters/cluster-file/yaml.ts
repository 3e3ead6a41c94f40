/** YAML with a memory of where everything stood, and without what makes YAML a trap. */
import {
  isAlias,
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

export function readYaml(text: string): Source {
  const lines = new LineCounter();
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
  const broken = syntaxFindings(document, text);
  const { value, findings } = broken.length > 0 ? { value: undefined, findings: broken } : valueOf(document);
  return {
    value,
    whole: broken.length === 0 && value !== undefined,
    findings,
    place: (finding) => ({ offset: offsetOf(document, finding), finding }),
    position: (offset) => lines.linePos(offset),
  };
}

function valueOf(document: Document.Parsed): { value: unknown; findings: Placed[] } {
  const findings: Placed[] = [];
  walk(document.contents, [], findings);
  if (document.contents === null) {
    findings.push(
      placed(
        0,
        'empty',
        [],
        'nothing',
        'the file is empty: it needs at least cluster, hosts, balancers and services',
      ),
    );
    return { value: undefined, findings };
  }
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, findings };
  } catch (error) {
    const at = firstAlias(document);
    findings.push(placed(at, 'alias', [], 'an alias', `${(error as Error).message}: write the values out`));
    return { value: undefined, findings };
  }
}

/** One finding for each kind of error in a line: one wrong character may give hundreds. */
function syntaxFindings(document: Document.Parsed, text: string): Placed[] {
  const seen = new Map<string, Placed>();
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const rule = code === 'TAB_AS_INDENT' ? 'tabs cannot indent in YAML: use spaces' : message;
    const key = code === 'RESOURCE_EXHAUSTION' ? code : `${code} ${text.lastIndexOf('\n', pos[0] - 1)}`;
    // one character only: the rest of the line may be a secret
    if (!seen.has(key)) seen.set(key, placed(pos[0], 'syntax', [], text.slice(pos[0], pos[0] + 1), rule));
  }
  return [...seen.values()];
}

function walk(node: Node, path: string[], findings: Placed[]): void {
  if (isMap(node)) {
    const known = new Set<string>();
    for (const { key, value } of node.items as { key: Scalar.Parsed; value: Node }[]) {
      const name = String(key.value);
      const inner = [...path, name];
      const rule = known.has(name) ? 'this key stands twice in the same map' : keyRule(key, name);
      if (rule) findings.push({ ...placed(key.range[0], 'key', inner, name, rule) });
      known.add(name);
      walk(value, inner, findings);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => walk(item as Node, [...path, String(index)], findings));
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

function offsetOf(document: Document.Parsed, { path, atKey }: Finding): number {
  let node: Node = document.contents;
  let offset = node?.range[0] ?? 0;
  for (const [step, name] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) as Node;
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
      : undefined;
    const item: unknown = isSeq(node) ? node.items[Number(name)] : pair?.value;
    const last = step === path.length - 1;
    const found = ((last && atKey) || !item ? pair?.key : item) as Node;
    if (!found) return offset;
    offset = found.range[0];
    node = item as Node;
  }
  return offset;
}

function placed(offset: number, code: string, path: string[], value: unknown, rule: string): Placed {
  return { offset, finding: { code, path, value, rule } };
}
