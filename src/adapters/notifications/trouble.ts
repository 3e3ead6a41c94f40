import { escaped } from '../../domain/escaped';
import { SecretUnavailable, withoutSecrets } from '../secrets';
import { TemplateWrong } from './message';

/** A channel did not take a message. */
export class Refused extends Error {
  constructor(
    message: string,
    /** it may pass by itself */
    readonly again: boolean,
  ) {
    super(message);
  }
}

/** What went wrong, in words that may be kept: no secrets, nothing invisible, not long. */
export function troubleOf(error: unknown): { why: string; again: boolean } {
  const message = error instanceof Error ? error.message : String(error);
  return { why: tidy(message), again: mayPass(error) };
}

/** Text from outside, for people. */
export const tidy = (text: string) => escaped(withoutSecrets(text.trim()).replace(/\s+/g, ' '));

/** A secret may be put in place at any time; a template stays wrong, and a refusal says itself. */
function mayPass(error: unknown): boolean {
  if (error instanceof Refused) return error.again;
  return error instanceof SecretUnavailable || !(error instanceof TemplateWrong);
}
