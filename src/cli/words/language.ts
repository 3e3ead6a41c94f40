/** Errors in the language of the person who typed. Help, reports and everything for machines stay English. */
import type { Mistake } from '../../contracts/failures';
import { ZH } from './zh';

export type Language = 'en' | 'zh';

/** `PAWL_LANG`, else what the locale says for messages. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  const wanted = env.PAWL_LANG || env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return /^zh\b|^zh_/i.test(wanted) ? 'zh' : 'en';
}

/** Says sentences in a language, and those that it does not know as they are. */
export function sayIn(language: Language): (sentence: string) => string {
  if (language === 'en') return (sentence) => sentence;
  return (sentence) => translated(sentence) ?? sentence;
}

/** Rules and values in words; codes and paths are for machines too, and stay. */
export function told(language: Language, mistakes: readonly Mistake[]): Mistake[] {
  const say = sayIn(language);
  return mistakes.map((mistake) => ({
    ...mistake,
    path: mistake.path || say('input'),
    value: say(mistake.value),
    rule: say(mistake.rule),
  }));
}

/** `{name}`; JSON in a sentence has braces too, but never around one word. */
const PLACE = /\{(\w+)\}/g;
/** Places that hold words of ours again: "must be a whole number". All others hold names and values. */
const OURS_AGAIN = ['what', 'expected', 'why', 'found'];

interface Sentence {
  pattern: RegExp;
  names: string[];
  chinese: string;
}

let sentences: Sentence[] | undefined;

function translated(english: string): string | undefined {
  sentences ??= ZH.map(([template, chinese]) => ({ ...patternOf(template), chinese }));
  for (const { pattern, names, chinese } of sentences) {
    const match = pattern.exec(english);
    if (!match) continue;
    const found = match.slice(1);
    const part = (name: string) => {
      const text = found[names.indexOf(name)]!;
      return OURS_AGAIN.includes(name) ? (translated(text) ?? text) : text;
    };
    return chinese.replace(PLACE, (whole, name: string) => (names.includes(name) ? part(name) : whole));
  }
  return undefined;
}

function patternOf(template: string): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = template
    .split(PLACE)
    .map((part, index) => {
      if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      names.push(part);
      return '([^]+?)';
    })
    .join('');
  return { pattern: new RegExp(`^${source}$`), names };
}
