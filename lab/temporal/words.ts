/** Words for people go to stderr: stdout belongs to what a command answers. */
export function say(words: string): void {
  process.stderr.write(`pawl: ${words}\n`);
}

/** Tells what takes long, and how long it took. */
export async function telling<Result>(words: string, work: () => Promise<Result>): Promise<Result> {
  say(words);
  const started = performance.now();
  const result = await work();
  say(`${words}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return result;
}
