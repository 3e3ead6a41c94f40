import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchemas } from '../../src/contracts/schemas';

const folder = join(__dirname, '../../schemas');

it('publishes each schema as the code has it (otherwise: node scripts/schemas.mjs)', () => {
  const parse = (text: string) => JSON.parse(text) as unknown;
  const files = readdirSync(folder).map(
    (name) => [name, parse(readFileSync(join(folder, name), 'utf8'))] as const,
  );
  // through JSON: what is undefined is not written
  expect(Object.fromEntries(files)).toEqual(parse(JSON.stringify(publishedSchemas())));
});
