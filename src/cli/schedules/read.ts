import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkYaml } from '../../adapters/yaml-file';
import { PawlError } from '../../contracts/failures';
import { Schedules } from '../../contracts/schedules';
import type { Finding } from '../../domain/findings';
import { badInput } from '../../domain/mistakes';
import { inputFindings, scheduleFindings } from '../../domain/schedules/findings';
import { parseObject, type JsonObject } from '../read-object';
import type { Definition } from './definition';

/**
 * Reads a file of schedules with the inputs that it names.
 *
 * @throws BadInput with every mistake of all of them
 */
export async function readSchedules(file: string): Promise<Definition[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new PawlError('BadInput', `${file} cannot be read: ${why}`);
  });
  const inputs = new Inputs(dirname(file));
  const { value, mistakes } = checkYaml(file, text, Schedules, (raw) => [
    ...scheduleFindings(raw),
    ...inputs.findings(raw),
  ]);
  if (!value) throw badInput(mistakes);
  return value.map(({ input, ...more }) => ({
    ...more,
    input: typeof input === 'string' ? inputs.of(input) : input,
  }));
}

/** Inputs that lie in files of their own. */
class Inputs {
  private readonly read = new Map<string, JsonObject>();

  constructor(private readonly folder: string) {}

  of(file: string): JsonObject {
    const known = this.read.get(file);
    if (known) return known;
    const object = parseObject(readFileSync(resolve(this.folder, file), 'utf8'), file);
    this.read.set(file, object);
    return object;
  }

  findings(raw: unknown): Finding[] {
    if (!Array.isArray(raw)) return [];
    return raw.flatMap((one: { workflow?: unknown; input?: unknown } | null, index) => {
      const { workflow, input } = one ?? {};
      if (typeof input !== 'string') return [];
      const path = [String(index), 'input'];
      const said = (rule: string): Finding => ({ code: 'input', path, value: input, rule });
      try {
        return inputFindings(workflow, this.of(input), []).map(({ path: at, rule }) =>
          said(`${at.join('.') || 'all of it'}: ${rule}`),
        );
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return [said(code === 'ENOENT' ? 'there is no such file' : message)];
      }
    });
  }
}
