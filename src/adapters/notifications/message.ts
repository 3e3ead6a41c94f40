/** An event in the words of an audience: the built-in template, or one of the user's. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Liquid } from 'liquidjs';
import type { Announcement, Audience, Language } from '../../contracts/notifications';
import { escaped } from '../../domain/escaped';
import { EN } from './templates/en';
import type { Texts } from './templates/texts';
import { ZH } from './templates/zh';

export interface Message {
  id: string;
  title: string;
  text: string;
}

const TEXTS: Record<Language, Texts> = { en: EN, zh: ZH };

/** A template can neither read files nor reach into objects, nor take for ever; a name that is not there is told. */
const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  jekyllInclude: false,
  relativeReference: false,
  templates: {},
  parseLimit: 100_000,
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
});
engine.registerFilter('moment', (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`);

export class TemplateWrong extends Error {}

/** @param folder with the user's own templates */
export async function messageOf(
  announcement: Announcement,
  { audience, language }: { audience: Audience; language: Language },
  folder?: string,
): Promise<Message> {
  const { kind, facts, ...common } = announcement;
  const name = `${kind}.${audience}.${language}.liquid`;
  const own = folder === undefined ? undefined : await ownTemplate(join(folder, name));
  const said = render(own ?? TEXTS[language][kind][audience], { kind, ...common, ...facts }, name).trim();
  const [title = '', ...rest] = said.split('\n');
  return { id: printable(announcement.id), title: title.trim(), text: rest.join('\n').trim() };
}

/** Ids of runs are chosen by people, and headers hold only plain characters. */
const printable = (id: string) =>
  id.replace(/[^\x21-\x7e]/gu, (character) => `%${Buffer.from(character).toString('hex')}`);

/** @param name for the complaint */
export function render(template: string, values: object, name: string): string {
  try {
    return engine.parseAndRenderSync(template, values) as string;
  } catch (error) {
    const [why = ''] = (error as Error).message.split('\n');
    throw new TemplateWrong(`the template ${name} cannot be used: ${escaped(why)}`);
  }
}

async function ownTemplate(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // only what is different need be there
    if (code === 'ENOENT') return undefined;
    throw new TemplateWrong(`the template ${path} cannot be read: ${code ?? 'unreadable'}`);
  }
}
