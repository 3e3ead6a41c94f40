/** Single characters to add, remove or replace to turn one word into another. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = row[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

/** The known word that was probably meant: upper and lower case aside, at most a third of it is different. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // nobody means a word of a line's length, and comparing takes its length squared
  if (word.length > 80) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((one, other) => one.far - other.far);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

/** ` (did you mean "x"?)`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
}

/** The rule for a name that is not known. */
export function noSuchName(name: string, known: readonly string[]): string {
  return `there is no such name${didYouMean(name, known)}; there are ${known.join(', ') || 'none'}`;
}
