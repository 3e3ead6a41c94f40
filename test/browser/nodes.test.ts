/** Hosts out of service and back, by somebody who has nothing but Temporal's web interface. */
import { relative } from 'node:path';
import { root } from '../../lab/paths';
import { Ground } from '../lab/ground';
import { expectAllIn } from '../lab/whole-run';
import { answerIn, TemporalUi } from './temporal-ui';

let ground: Ground;
let ui: TemporalUi;
beforeAll(async () => {
  ground = await Ground.up('test-ui-nodes', 2, { ui: true });
  ui = await TemporalUi.open(ground.temporal.uiUrl!);
}, 300_000);
afterAll(async () => {
  await ui?.close();
  await ground?.remove();
}, 60_000);
jest.setTimeout(300_000);

/** As somebody types it. */
const input = (more: object) => ({ cluster: relative(root, ground.cluster), service: 'web', ...more });
const WHY = { reason: 'a new disk', by: 'ann' };

it('a host is taken out after a yes, and brought back', () =>
  ui.scene('ui-nodes', async () => {
    await ui.start('offline-web-n2', input({ hosts: ['n2'], ...WHY, approvals: ['before'] }), 'nodeOffline');
    const open = await ui.details(/awaitingApproval: web: n2 out of service \(a new disk\) on test-ui-nodes/);
    await ui.update(...answerIn(open, 'approve'));
    expect(await ui.details(/succeeded: web: n2 out of service/)).toMatch(/n2 +1\.0\.0 +done +out at edge/);
    await ui.badge('Completed');

    const ramp = [0, 50, 100].map((percent) => ({ percent, seconds: percent ? 3_600 : 1 }));
    await ui.start('online-web-n2', input({ hosts: ['n2'], ramp, gate: { enabled: false } }), 'nodeOnline');
    for (const percent of [50, 100]) {
      const step = await ui.details(
        new RegExp(`n2 at ${percent} % of its weight for 3600 s: .*of the requests at edge`),
      );
      await ui.update(...answerIn(step, 'promote'));
    }
    await ui.details(/succeeded: web: n2 into service/);
    await expectAllIn(ground);
  }));

it('in an emergency a host is out at once', () =>
  ui.scene('ui-emergency', async () => {
    const emergency = { mode: 'emergency', host: 'n1', ...WHY };
    await ui.start('replace-bad', input({ ...emergency, minServing: 2 }), 'nodeReplacement');
    expect(await ui.details(/failed: /)).toMatch(/minServing: 2: without n1 there serve 1 \(n2\)/);
    await ui.start('replace-n1', input(emergency), 'nodeReplacement');
    expect(await ui.details(/succeeded: web: n1 out at once/)).toMatch(
      /n1 of web is out of rotation: a new disk/,
    );
  }));
