/**
 * A maintenance page as nginx's configuration: maps, which tell who gets it and what it says, and the door, which stands
 * in each location before its `proxy_pass`. nginx cannot reckon with time, but it can compare: both texts and all answers
 * to "when again" are there from the start, so that the page stays true when nobody is there to change it.
 */
import type { Closure } from '../../../contracts/doors';
import { MARKER_HEADER, PROOF_HEADER } from '../../../contracts/doors';
import type { PassNames } from '../../../contracts/maintenance';
import { ASK_AGAIN, SHORTEST_RETRY } from '../../../domain/maintenance';
import { block, cookieBegins, headerOf, innerVariableOf, quoted } from './variables';

/** Bytes; nginx takes 4,095 for one word of its configuration, and quoting doubles them at most. */
const PIECE = 2_000;

/** @returns the two files, without the last line's end */
export function pageFiles(
  upstream: string,
  closure: Closure,
  names: PassNames,
): { maps: string[]; door: string[] } {
  const own = (name: string) => innerVariableOf(upstream, name);
  const { until, marker, page, late, addresses, passes } = closure;
  const pages = textGeos(own('page'), page);
  const lates = textGeos(own('late'), late);
  const any = own('address') + own('header') + own('cookie');
  return {
    maps: [
      `# Written by Pawl (docs/maintenance.md): the page in front of ${upstream}.`,
      block(`geo ${own('address')}`, ['default ""', ...addresses.map((address) => `${address} 1`)]),
      passMap(own('header'), headerOf(names.header), passes, ['\\A', '\\z']),
      passMap(own('cookie'), '$http_cookie', passes, [cookieBegins(names.cookie), '[ ]*(?:;|\\z)']),
      block(`map "${any}" ${own('stranger')}`, ['default ""', '"" 1']),
      block(`map ${headerOf(PROOF_HEADER)} ${own('shown')}`, ['default 1', `"" ${own('stranger')}`]),
      block(`map $msec ${own('when')}`, [
        'default ""',
        `"${notBefore(until)}" late`,
        `"${notBefore(until - SHORTEST_RETRY)}" soon`,
      ]),
      block(`map ${own('when')} ${own('retry')}`, [
        `default "${new Date(until * 1_000).toUTCString()}"`,
        `soon ${SHORTEST_RETRY}`,
        `late ${ASK_AGAIN}`,
      ]),
      block(`geo ${own('marker')}`, [`default ${quoted(marker)}`]),
      ...[...pages, ...lates].map(({ line }) => line),
      block(`map ${own('when')} ${own('text')}`, [
        `default "${pages.map(({ name }) => name).join('')}"`,
        `late "${lates.map(({ name }) => name).join('')}"`,
      ]),
    ],
    door: [
      `# Written by Pawl (docs/maintenance.md): who does not get through to ${upstream} gets a page.`,
      `if (${own('shown')}) {`,
      '    charset utf-8;',
      `    add_header Retry-After ${own('retry')} always;`,
      '    add_header Cache-Control no-store always;',
      `    add_header ${MARKER_HEADER} ${own('marker')} always;`,
      // whatever was asked for, it is HTML: nginx tells that from a name
      '    rewrite ^ /maintenance.html;',
      `    return 503 ${own('text')};`,
      '}',
    ],
  };
}

/** As regular expressions: nginx compares strings of a map without regard to case. Passes have no backslash. */
function passMap(name: string, from: string, passes: string[], [before, behind]: [string, string]): string {
  return block(`map ${from} ${name}`, [
    'default ""',
    ...passes.map((pass) => `"~${before}\\Q${pass}\\E${behind}" 1`),
  ]);
}

/** A text in pieces; `geo` is the one block of which nginx takes values as they are, `$` and all. */
function textGeos(name: string, text: string): { name: string; line: string }[] {
  const pieces = [''];
  for (const character of text) {
    if (Buffer.byteLength(pieces.at(-1)! + character) > PIECE) pieces.push('');
    pieces[pieces.length - 1] += character;
  }
  return pieces.map((piece, index) => ({
    name: `${name}${index}`,
    line: block(`geo ${name}${index}`, [`default ${quoted(piece)}`]),
  }));
}

/**
 * A regular expression for the times of `$msec` from this one on, without arithmetic: until the year 2286 they have ten
 * digits, and compare as their texts do.
 *
 * @param seconds since 1970
 */
export function notBefore(seconds: number): string {
  const digits = String(seconds);
  const later = [...digits].flatMap((digit, index) =>
    digit === '9' ? [] : [`${digits.slice(0, index)}[${Number(digit) + 1}-9]`],
  );
  return `~^(?:${[...later, digits].join('|')})`;
}
