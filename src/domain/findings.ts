/** What zod found wrong, in our words: a code, the path, the value and the rule. */
import type { z } from 'zod';
import { looksSecret } from './escaped';
import { didYouMean } from './nearest';
import { keysAt } from './schema-keys';

export interface Finding {
  code: string;
  path: string[];
  /** as it stands in the input, not yet escaped */
  value: unknown;
  rule: string;
  /** true when the last word of the path is what is wrong, not what stands there */
  atKey?: boolean;
}

type Issue = z.core.$ZodIssue;

/** @param schema where given, unknown keys are compared with those it knows */
export function findingsOf(issues: readonly Issue[], root: unknown, schema?: z.ZodType): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = issue.path.map(String);
    const value = valueAt(root, path);
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = schema ? keysAt(schema, path) : [];
        return issue.keys.map((key) => unknownKey([...path, key], known));
      }
      case 'invalid_key':
        return [
          {
            code: 'invalidName',
            path,
            value: path.at(-1),
            rule: issue.issues[0]?.message ?? issue.message,
            atKey: true,
          },
        ];
      case 'invalid_union':
        return (
          meantBranch(issue, root, schema) ?? [
            { code: 'wrongShape', path, value, rule: unionRule(issue, value) },
          ]
        );
      default:
        return [{ path, value, ...codeAndRule(issue, value) }];
    }
  });
}

function unknownKey(path: string[], known: readonly string[]): Finding {
  const key = path.at(-1)!;
  if (looksSecret(key)) {
    const rule = 'no secrets here: use a key file, an agent or the environment, and refer to it';
    return { code: 'secret', path, value: key, rule, atKey: true };
  }
  // it belongs to another of several shapes
  if (known.includes(key))
    return { code: 'unknownKey', path, value: key, rule: 'not beside the other keys here', atKey: true };
  const list = known.length > 0 ? `; there are ${known.join(', ')}` : '';
  return {
    code: 'unknownKey',
    path,
    value: key,
    rule: `no such key${didYouMean(key, known)}${list}`,
    atKey: true,
  };
}

/** Of several shapes the one whose keys are all there: its mistakes are what helps. */
function meantBranch(
  issue: z.core.$ZodIssueInvalidUnion,
  root: unknown,
  schema: z.ZodType | undefined,
): Finding[] | undefined {
  const meant = issue.errors.filter((branch) =>
    branch.every(
      ({ code, path }) =>
        code !== 'unrecognized_keys' &&
        path.length > 0 &&
        valueAt(root, [...issue.path, ...path].map(String)) !== undefined,
    ),
  );
  if (meant.length !== 1) return undefined;
  const issues = meant[0]!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  return findingsOf(issues, root, schema);
}

function unionRule(issue: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  const { options } = issue as { options?: unknown[] };
  return options ? oneOf(options, value) : issue.message;
}

function codeAndRule(issue: Issue, value: unknown): { code: string; rule: string } {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = NOUNS[issue.expected] ?? issue.expected;
      if (value === undefined) return { code: 'missing', rule: `needed: ${wanted}` };
      const quote = issue.expected === 'string' && typeof value !== 'object' ? '; put it in quotes' : '';
      return { code: 'wrongType', rule: `must be ${wanted}${quote}` };
    }
    case 'too_small': {
      const limit = issue.inclusive === false ? 'more than' : 'at least';
      return { code: 'outOfRange', rule: `${limit} ${issue.minimum}${UNITS[issue.origin] ?? ''}` };
    }
    case 'too_big': {
      const limit = issue.inclusive === false ? 'less than' : 'at most';
      return { code: 'outOfRange', rule: `${limit} ${issue.maximum}${UNITS[issue.origin] ?? ''}` };
    }
    case 'invalid_value':
      return { code: 'notAllowed', rule: oneOf(issue.values, value) };
    case 'invalid_format':
      return { code: 'invalidFormat', rule: issue.message };
    default:
      return { code: 'invalid', rule: issue.message };
  }
}

function oneOf(values: readonly unknown[], value: unknown): string {
  const known = values.map(String);
  return `one of ${known.join(', ')}${typeof value === 'string' ? didYouMean(value, known) : ''}`;
}

const NOUNS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

const UNITS: Record<string, string> = { string: ' characters', array: ' entries' };

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    root,
  );
}
