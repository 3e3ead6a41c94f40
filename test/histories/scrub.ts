/** Histories as files: one event a line, without names and paths of the machine where they were recorded. */
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { hostname } from 'node:os';
import { root } from '../../lab/paths';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const REPLACED: [RegExp, string][] = [
  [new RegExp(escaped(root), 'g'), '/srv/pawl'],
  [new RegExp(`pawl@${escaped(hostname())}:\\d+`, 'g'), 'pawl@worker:1'],
  [new RegExp(`\\d+@${escaped(hostname())}`, 'g'), '1@client'],
];

export function scrubbed(history: Parameters<typeof historyToJSON>[0]): string {
  const { events } = JSON.parse(historyToJSON(history)) as { events: Json[] };
  const lines = events.map((event) => JSON.stringify(scrub(event)));
  return `{"events":[\n${lines.join(',\n')}\n]}\n`;
}

function scrub(value: Json): Json {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(scrub);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'data' && typeof inner === 'string' ? scrubPayload(inner) : scrub(inner),
    ]),
  );
}

/** Payloads are base64 in base64's own alphabet, so what they hold is cleaned behind it. */
function scrubPayload(data: string): string {
  return Buffer.from(clean(Buffer.from(data, 'base64').toString('utf8'))).toString('base64');
}

function clean(text: string): string {
  return REPLACED.reduce((cleaned, [found, instead]) => cleaned.replace(found, instead), text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
