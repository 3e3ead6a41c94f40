/** Before any test: what workers, hosts and people get is what the sources say now. Quick when nothing has changed. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export default function build(): void {
  execFileSync(process.execPath, [join(__dirname, '../scripts/build.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
