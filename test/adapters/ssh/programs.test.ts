import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadProgram } from '../../../src/adapters/ssh/programs';

const folder = join(__dirname, '../../../src/host');
const names = ['', 'jobs/'].flatMap((part) =>
  readdirSync(join(folder, part))
    .filter((file) => file.endsWith('.sh'))
    .map((file) => part + file.replace('.sh', '')),
);

it.each(names)('%s is a program for any POSIX shell', (name) => {
  execFileSync('dash', ['-n'], { input: loadProgram(name).text });
});

it('puts the shared text in front of those that use it', () => {
  expect(loadProgram('job-run').text).toMatch(/^# Fence:[^]*fence_enter\(\) \{[^]*\nfence_enter "\$lane"/);
  expect(loadProgram('job-run').fenced).toBe(true);
  expect(loadProgram('run-command').fenced).toBe(false);
});
