import { looksSecret } from '../escaped';

const HIDDEN = '(hidden)';
/** A line `name = value`, `"name": value` or `name value`, a comment sign before it or not. */
const SETTING = /^([\s"'#;-]*)([A-Za-z][\w.-]*)(["']?\s*[=:]\s*|\s+)(\S.*)$/gm;
/** In the midst of one: `{ "name": "value" }`, `name=value`. */
const INLINE = /()([A-Za-z][\w.-]*)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;}]+)/g;
const URL_PASSWORD = /\/\/[^/@\s]*:[^/@\s]*@/g;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$(?![^]))/g;

/** A text that somebody may have written secrets into: what stands behind names such as `password` is not shown. */
export function masked(text: string): string {
  const hide = (whole: string, before: string, name: string, between: string) =>
    looksSecret(name) ? `${before}${name}${between}${HIDDEN}` : whole;
  return text
    .replace(PRIVATE_KEY, HIDDEN)
    .replace(URL_PASSWORD, `//${HIDDEN}@`)
    .replace(SETTING, hide)
    .replace(INLINE, hide);
}
