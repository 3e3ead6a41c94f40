#!/usr/bin/env node
// The `pawl` command. A fresh clone has no build yet: the first call makes one.
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const root = join(__dirname, '..');
const program = join(root, 'dist/pawl.js');

if (!existsSync(program)) {
  process.stderr.write('pawl: first call in this clone, building\n');
  const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
  if (build.status !== 0) process.exit(1);
}

// V8 compiles two megabytes in a tenth of a second; what it made of them is kept, for this build and this Node.
const text = readFileSync(program, 'utf8');
const kept = join(root, `dist/pawl.${process.version}.v8`);
const known = existsSync(kept) ? readFileSync(kept) : undefined;
const script = new Script(`(function (require, __filename, __dirname) {${text}\n})`, {
  filename: program,
  cachedData: known,
});
if (!known || script.cachedDataRejected) process.once('exit', keep);
script.runInThisContext()(createRequire(program), program, dirname(program));

/** With all that this call has used. */
function keep() {
  try {
    writeFileSync(`${kept}.${process.pid}`, script.createCachedData());
    renameSync(`${kept}.${process.pid}`, kept);
  } catch {
    // where nobody may write, each call compiles
  }
}
