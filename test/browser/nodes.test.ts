/** Hosts out of service and back, by somebody who has nothing but Temporal's web interface. */
import { expectAllIn } from '../lab/whole-run';
import { opened } from './opened';
import { answerIn } from './temporal-ui';

const at = opened('test-ui-nodes', 2);

const input = (more: object) => ({ ...at.target(), ...more });
const WHY = { reason: 'a new disk', by: 'ann' };

it('a host is taken out after a yes, and brought back', () =>
  at.ui.scene('ui-nodes', async () => {
    await at.ui.start(
      'offline-web-n2',
      input({ hosts: ['n2'], ...WHY, approvals: ['before'] }),
      'nodeOffline',
    );
    const open = await at.ui.details(
      /awaitingApproval: web: n2 out of service \(a new disk\) on test-ui-nodes/,
    );
    await at.ui.update(...answerIn(open, 'approve'));
    expect(await at.ui.details(/succeeded: web: n2 out of service/)).toMatch(
      /n2 +1\.0\.0 +done +out at edge/,
    );
    await at.ui.badge('Completed');

    const ramp = [0, 50, 100].map((percent) => ({ percent, seconds: percent ? 3_600 : 1 }));
    await at.ui.start(
      'online-web-n2',
      input({ hosts: ['n2'], ramp, gate: { enabled: false } }),
      'nodeOnline',
    );
    for (const percent of [50, 100]) {
      const step = await at.ui.details(
        new RegExp(`n2 at ${percent} % of its weight for 3600 s: .*of the requests at edge`),
      );
      await at.ui.update(...answerIn(step, 'promote'));
    }
    await at.ui.details(/succeeded: web: n2 into service/);
    await expectAllIn(at.ground);
  }));

it('in an emergency a host is out at once', () =>
  at.ui.scene('ui-emergency', async () => {
    const emergency = { mode: 'emergency', host: 'n1', ...WHY };
    await at.ui.start('replace-bad', input({ ...emergency, minServing: 2 }), 'nodeReplacement');
    expect(await at.ui.details(/failed: /)).toMatch(/minServing: 2: without n1 there serve 1 \(n2\)/);
    await at.ui.start('replace-n1', input(emergency), 'nodeReplacement');
    expect(await at.ui.details(/succeeded: web: n1 out at once/)).toMatch(
      /n1 of web is out of rotation: a new disk/,
    );
  }));
