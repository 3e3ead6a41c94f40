import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root } from '../../lab/paths';
import { STAGES, type Stage } from './stages';

export interface Chosen {
  stage: Stage;
  /** full paths */
  files: string[];
}

/**
 * Which test files run in which stage.
 *
 * @param words names of stages, or parts of test files' paths; none means all stages but those of other commands
 * @returns every stage that was asked for, even when it has no files; throws for a word that names nothing
 */
export async function choose(words: readonly string[]): Promise<Chosen[]> {
  const entries = await readdir(join(root, 'test'), { recursive: true });
  const files = entries.filter((file) => file.endsWith('.test.ts')).map((file) => join(root, 'test', file));
  const named = STAGES.filter(({ name }) => words.includes(name));
  const patterns = words.filter((word) => !named.some(({ name }) => name === word));
  const all = words.length === 0;
  const idle = patterns.filter((part) => !files.some((file) => file.includes(part)));
  if (idle.length > 0) throw new Error(`no stage and no test file is called ${idle.join(' or ')}`);

  const chosen = STAGES.map((stage) => {
    const own = files.filter((file) => stageOf(file) === stage).sort();
    const wanted = all ? !stage.onlyNamed : named.includes(stage);
    return {
      stage,
      wanted,
      files: wanted ? own : own.filter((file) => patterns.some((part) => file.includes(part))),
    };
  });
  return chosen.filter(({ wanted, files }) => wanted || files.length > 0);
}

function stageOf(file: string): Stage {
  const [folder = ''] = relative(join(root, 'test'), file).split('/');
  return STAGES.find(({ folders }) => folders.includes(folder)) ?? STAGES[0]!;
}
