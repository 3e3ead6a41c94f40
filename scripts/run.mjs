// node scripts/run.mjs <entry> [args…]: brings dependencies and build up to date, then becomes
// dist/<entry>.js. It runs in this very process: signals, exit code, stdin and stdout are its own.
import { existsSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root, say } from './ground.mjs';

const [entry, ...args] = process.argv.slice(2);
const program = join(root, 'dist', `${entry}.js`);

try {
  if (!entry) throw new Error('usage: node scripts/run.mjs <entry> [args…], for example lab/up');
  await build({ quiet: true });
  if (!existsSync(program)) throw new Error(`there is no ${entry}.ts to run`);
} catch (error) {
  say(error.message);
  process.exit(1);
}

process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], program, ...args];
Module.runMain(program);
