import { PawlError } from '../../../contracts/failures';
import { FAILURE_OF } from '../exit-codes';
import { placeOf, type NginxPlace } from './served';

/** What a program on nginx's host means that did not end well. */
export function failureOf(
  at: NginxPlace,
  about: string,
  { code, stderr }: { code: number; stderr: string },
): PawlError {
  const said = stderr.trim().slice(0, 800) || `exit code ${code}`;
  const hint = said.startsWith('there is no') ? '; `pawl doctor` shows what it needs' : '';
  return new PawlError(FAILURE_OF[code] ?? 'CommandFailed', `${placeOf(at)}: ${about}: ${said}${hint}`);
}
