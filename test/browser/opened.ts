/** Where the tests of a file play: a lab, and Temporal's web interface in a browser. */
import { relative } from 'node:path';
import { root } from '../../lab/paths';
import { Ground } from '../lab/ground';
import { TemporalUi } from './temporal-ui';

export interface Opened {
  ground: Ground;
  ui: TemporalUi;
  /** what every input names, as somebody types it */
  target(): { cluster: string; service: string };
}

/** Both are there when the first test begins, and go after the last one. */
export function opened(name: string, hosts: number): Opened {
  const at = {
    target: () => ({ cluster: relative(root, at.ground.cluster), service: 'web' }),
  } as Opened;
  beforeAll(async () => {
    at.ground = await Ground.up(name, hosts, { ui: true });
    at.ui = await TemporalUi.open(at.ground.temporal.uiUrl!);
  }, 300_000);
  afterAll(async () => {
    await at.ui?.close();
    await at.ground?.remove();
  }, 60_000);
  jest.setTimeout(300_000);
  return at;
}
