/** Characters in length that a mistyped word differs at most. */
const FARTHEST = 3;

/** Single characters to add, remove or replace, or neighbours to swap, to turn one word into another. */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let line = 1; line <= from.length; line += 1) {
    const above = rows[line - 1]!;
    const row = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[line - 1] === to[column - 1];
      const swapped = from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1];
      row.push(
        Math.min(
          above[column - 1]! + (same ? 0 : 1),
          above[column]! + 1,
          row[column - 1]! + 1,
          swapped && line > 1 && column > 1 ? rows[line - 2]![column - 2]! + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}

/** What begins with the word is nearest: `timeout` means `timeoutSeconds`. */
function howFar(word: string, candidate: string): number {
  if (word.length > 3 && candidate.startsWith(word)) return 0;
  return Math.abs(candidate.length - word.length) > FARTHEST ? Infinity : distance(word, candidate);
}

/** The one known word that was probably meant: upper and lower case aside, at most a third of it is different. */
function nearest(word: string, known: readonly string[]): string | undefined {
  // nobody means a word of a line's length, and comparing takes its length squared
  if (word.length > 40) return undefined;
  const [best, second] = known
    .map((candidate) => ({ candidate, far: howFar(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((one, other) => one.far - other.far);
  // of n1, n2 and n3 none is meant by n9
  if (!best || best.far === second?.far) return undefined;
  return best.far <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
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
