#!/usr/bin/env node
// The `pawl` command. A fresh clone has no build yet: the first call makes one.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const client = join(root, 'dist/src/client.js');

if (!existsSync(client)) {
  process.stderr.write('pawl: first call in this clone, building\n');
  const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
  if (build.status !== 0) process.exit(1);
}
require(client);
