/** Where the tests of a file play: a lab, and Temporal's web interface in a browser. */
import { execFile } from 'node:child_process';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../lab/paths';
import { Ground } from '../lab/ground';
import { TemporalUi } from './temporal-ui';

export interface Opened {
  ground: Ground;
  ui: TemporalUi;
  /** what every input names, as somebody types it */
  target(): { cluster: string; service: string };
  /**
   * The CLI, in a shell beside the browser.
   *
   * @returns what it has printed
   * @throws where it does not end with 0
   */
  pawl(...args: string[]): Promise<string>;
}

const plain = (name: string, hosts: number) => Ground.up(name, hosts, { ui: true });

/**
 * Both are there when the first test begins, and go after the last one.
 *
 * @param up makes a lab of another kind, with Temporal's web interface, too
 */
export function opened(name: string, hosts: number, up = plain): Opened {
  const at = {
    target: () => ({ cluster: relative(root, at.ground.cluster), service: 'web' }),
    async pawl(...args) {
      const { address: TEMPORAL_ADDRESS, uiUrl: PAWL_UI_URL } = at.ground.temporal;
      const env = { ...process.env, TEMPORAL_ADDRESS, PAWL_UI_URL };
      const command = [join(root, 'bin/pawl.cjs'), ...args];
      return (await promisify(execFile)(process.execPath, command, { cwd: root, env })).stdout;
    },
  } as Opened;
  beforeAll(async () => {
    at.ground = await up(name, hosts);
    at.ui = await TemporalUi.open(at.ground.temporal.uiUrl!);
  }, 300_000);
  afterAll(async () => {
    await at.ui?.close();
    await at.ground?.remove();
  }, 60_000);
  jest.setTimeout(300_000);
  return at;
}
