import { sayIn } from '../../src/cli/words/language';
import type { Mistake } from '../../src/contracts/failures';

const say = sayIn('zh');
export const CHINESE = /\p{Script=Han}/u;

/** Rules that people who read Chinese would read in English. */
export const withoutChinese = (mistakes: readonly Pick<Mistake, 'rule'>[]): string[] =>
  mistakes.map(({ rule }) => rule).filter((rule) => !CHINESE.test(say(rule)));
