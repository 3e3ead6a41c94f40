/** The page of a maintenance: the built-in template, or one of the user's; one line of HTML, for a balancer to serve. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Liquid } from 'liquidjs';
import type { Language } from '../../contracts/notifications';
import { escaped } from '../../domain/escaped';
import { DEFAULT_PAGE } from './default';

/** Values are text and never HTML. A template can neither read files nor reach into objects, nor take for ever. */
const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  outputEscape: 'escape',
  jekyllInclude: false,
  relativeReference: false,
  templates: {},
  parseLimit: 100_000,
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
});

/** Larger files are no pages. */
const LARGEST_TEMPLATE = 64 * 1_024;

/** What a page says. */
export interface PageFacts {
  /** what is closed */
  service: string;
  content: string;
  contact: string;
  languages: Language[];
  timeZone: string;
  /** milliseconds */
  from: number;
  to: number;
}

export class PageWrong extends Error {}

/** A template's text, and its SHA-256; null is the built-in one. */
export interface Template {
  text: string;
  sha256: string | null;
}

/** @param path of the user's own, relative to the folder of the cluster file */
export async function readTemplate(path: string | undefined, folder: string): Promise<Template> {
  if (path === undefined) return { text: DEFAULT_PAGE, sha256: null };
  const bytes = await readFile(resolve(folder, path)).catch((error: NodeJS.ErrnoException) => {
    throw new PageWrong(`the template ${path} cannot be read: ${error.code ?? 'unreadable'}`);
  });
  if (bytes.length > LARGEST_TEMPLATE)
    throw new PageWrong(`the template ${path} has ${bytes.length} bytes; at most ${LARGEST_TEMPLATE}`);
  return { text: bytes.toString('utf8'), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Both texts: until the expected end, and after it. */
export function renderPages(template: Template, facts: PageFacts): { page: string; late: string } {
  return { page: render(template, facts, false), late: render(template, facts, true) };
}

function render({ text }: Template, facts: PageFacts, late: boolean): string {
  const values = {
    service: facts.service,
    content: facts.content,
    contact: facts.contact,
    languages: facts.languages,
    from: timeText(facts.from, facts.timeZone),
    to: timeText(facts.to, facts.timeZone),
    minutes: Math.round((facts.to - facts.from) / 60_000),
    late,
  };
  try {
    return oneLine(engine.parseAndRenderSync(text, values) as string);
  } catch (error) {
    const [why = ''] = (error as Error).message.split('\n');
    throw new PageWrong(`the template of the maintenance page cannot be used: ${escaped(why)}`);
  }
}

/** A balancer keeps it in a line; to HTML a new line is a blank. */
const oneLine = (html: string) =>
  html
    // eslint-disable-next-line no-control-regex -- they are what is taken out
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .replaceAll('> <', '><')
    .trim();

/** `2026-12-01 22:00 (Asia/Shanghai)`: a time of day that stays true however late somebody reads it. */
function timeText(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  }).formatToParts(ms);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')} (${timeZone})`;
}

/** Names exactly this page: what serves it can be told from what serves another. */
export function markerOf(...parts: (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
