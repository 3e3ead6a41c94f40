// node scripts/schemas.mjs: writes the JSON Schemas that editors and other tools use into schemas/.
// A test fails while they are out of date.
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { build } from './build.mjs';
import { root } from './ground.mjs';

await build({ quiet: true });
const { publishedSchemas } = createRequire(import.meta.url)(join(root, 'dist/src/contracts/schemas.js'));
await mkdir(join(root, 'schemas'), { recursive: true });
for (const [name, schema] of Object.entries(publishedSchemas())) {
  const file = join(root, 'schemas', name);
  await writeFile(
    file,
    await format(JSON.stringify(schema), { ...(await resolveConfig(file)), filepath: file }),
  );
}
