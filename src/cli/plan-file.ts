/** A plan in a file: what would be done, with the input that it came from, so that exactly this can be started later. */
import { readFile, stat } from 'node:fs/promises';
import { PawlError } from '../contracts/failures';
import type { Plan } from '../contracts/plan';
import { digestOf } from '../domain/plan-hash';
import { LARGEST_INPUT, type JsonObject } from './read-object';
import { writeWhole } from './write-whole';

/** Rises when older programs would read a file wrongly. */
const FORMAT = 1;
/** Temporal carries no more in one piece. */
const LARGEST_PLAN = 2 * 1024 * 1024;
/** An input that carries its intent along must leave room for the rest. */
const LARGEST_INTENT = LARGEST_INPUT - 64 * 1024;

export interface PlanFile extends Plan {
  kind: 'pawl-plan';
  fileFormat: number;
  /** type to start */
  workflow: string;
  /** as it was given, without `dryRun` and without another plan */
  input: JsonObject;
  /** SHA-256 over all the rest: a slip of the hand in a plan must not run */
  seal: string;
}

export function planFile(workflow: string, input: JsonObject, plan: Plan): PlanFile {
  const { dryRun: _, planHash: _hash, planned: _intent, ...given } = input;
  const rest = { kind: 'pawl-plan', fileFormat: FORMAT, workflow, input: given, ...plan } as const;
  return { ...rest, seal: digestOf(rest) };
}

export function writePlanFile(path: string, content: PlanFile): Promise<void> {
  return writeWhole(path, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Throws BadInput, in words, for anything but a whole and untouched plan. */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const refuse = (words: string) => new PawlError('BadInput', `${path} ${words}`);
  const again = '; `pawl plan <type> -f <file> --output <file>` writes one';
  const text = await textOf(path);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse(`is not whole: it ends or breaks off within its JSON${again}`);
  }
  if (!isObject(content) || content['kind'] !== 'pawl-plan') throw refuse(`is no plan of pawl${again}`);
  if (content['fileFormat'] !== FORMAT)
    throw refuse(
      `has plan file format ${String(content['fileFormat'])}, and this pawl reads ${FORMAT}; plan again`,
    );
  const { seal, ...rest } = content as unknown as PlanFile;
  if (digestOf(rest) !== seal || digestOf(rest.intent) !== rest.hash)
    throw refuse('was changed after it was written; plan again, and change the input instead');
  return { ...rest, seal };
}

/** What is started: the input, bound to its plan. */
export function inputOf({ input, hash, intent }: PlanFile): JsonObject {
  const tooLarge = JSON.stringify(intent).length > LARGEST_INTENT;
  return { ...input, planHash: hash, ...(!tooLarge && { planned: intent }) };
}

async function textOf(path: string): Promise<string> {
  const cannot = (why: string) => new PawlError('BadInput', `${path} cannot be read: ${why}`);
  try {
    const { size } = await stat(path);
    if (size > LARGEST_PLAN)
      throw cannot(`it is too large: a plan has at most ${LARGEST_PLAN / 1024 / 1024} MiB`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof PawlError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw cannot(
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message,
    );
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
