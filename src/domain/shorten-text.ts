/** Messages that are longer than their channel takes. */
import type { Language } from '../contracts/notifications';

const SAID: Record<Language, string> = { en: ' … (shortened)', zh: '……（已截短）' };

export interface Limit {
  most: number;
  of: 'characters' | 'bytes';
}

/**
 * Cuts behind the last whole sentence that fits, and says that it did; in the midst of a sentence only where not even
 * the first one fits.
 */
export function shortenText(text: string, { most, of }: Limit, language: Language): string {
  const size = of === 'bytes' ? bytes : characters;
  if (size(text) <= most) return text;
  const said = SAID[language];
  const head = longestHead(text, most - size(said), size);
  // a full stop ends a sentence where a space follows, be it behind the cut
  const seen = /\s/.test(text.charAt(head.length)) ? `${head} ` : head;
  const whole = /^[^]*(?:[.!?](?=\s)|[。！？；]|\n)/u.exec(seen)?.[0].trimEnd();
  return `${whole || head.trimEnd()}${said}`;
}

const characters = (text: string) => text.length;
const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text).length;

/** No character is cut in two, whatever it is made of. */
function longestHead(text: string, most: number, size: (text: string) => number): string {
  let head = '';
  let left = most;
  for (const character of text) {
    left -= size(character);
    if (left < 0) break;
    head += character;
  }
  return head;
}
