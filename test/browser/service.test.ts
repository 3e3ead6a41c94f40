/** A service that is watched and one that is closed, by somebody who has nothing but Temporal's web interface. */
import { relative } from 'node:path';
import { until } from '../../lab/hosts/wait';
import { root } from '../../lab/paths';
import { Ground } from '../lab/ground';
import { expectAllIn } from '../lab/whole-run';
import { answerIn, TemporalUi } from './temporal-ui';

let ground: Ground;
let ui: TemporalUi;
beforeAll(async () => {
  ground = await Ground.up('test-ui-service', 3, { ui: true });
  ui = await TemporalUi.open(ground.temporal.uiUrl!);
}, 300_000);
afterAll(async () => {
  await ui?.close();
  await ground?.remove();
}, 60_000);
jest.setTimeout(300_000);

/** As somebody types it. */
const input = (more: object) => ({ cluster: relative(root, ground.cluster), service: 'web', ...more });

/** The service of n2 says of itself that it is unhealthy, or well. */
async function unhealthy(is: boolean): Promise<void> {
  const file = '/opt/web/current/behaviour.json';
  const script = `echo '${JSON.stringify({ unhealthy: is })}' >${file} && systemctl restart web`;
  await ground.inside('n2', 'sh', '-c', script);
}

it('a watch shows who is unhealthy and who is back, and ends when it is told to', () =>
  ui.scene('ui-watch', async () => {
    const often = { intervalSeconds: 1, failures: 2, passes: 2 };
    await ui.start('watch-web', input(often), 'healthWatch');
    const well = await ui.details(/running: web: watched every 1 s on test-ui-service/);
    expect(await ui.details(/3 of 3 in rotation; nobody is unhealthy/)).toMatch(
      /n2 +done +in \(weight 100\)/,
    );
    expect(well).not.toContain('null');
    await unhealthy(true);
    const out = await ui.details(/n2 was taken out: \/health answers 503/);
    expect(out).toMatch(/2 of 3 in rotation; unhealthy: n2/);
    await ui.details(/n2 +out +out at edge/);
    await ui.look('ui-watch-out');
    await unhealthy(false);
    await ui.details(/n2 is well and back/);
    await ui.details(/3 of 3 in rotation; nobody is unhealthy/);
    await ui.update('pause', '{"by":"ann","note":"a test of the network"}');
    const paused = await ui.details(/paused: web: watched/);
    expect(paused).toMatch(/nobody looks at the hosts/);
    await ui.update(...answerIn(paused, 'resume'));
    await ui.details(/running: web: watched/);
    await ui.update('abort', '{"by":"ann","undo":false}');
    await ui.details(/aborted: web: watched every 1 s.*stopped by ann; hosts stay as they are/s);
    await ui.look('ui-watch-end');
    await ui.badge('Failed');
    await expectAllIn(ground);
  }));

/** What somebody gets who asks for the service. */
async function answer(): Promise<{ status: number; text: string; retryAfter: number }> {
  const response = await fetch(`http://${ground.address('lb1')}/`);
  const { status, headers } = response;
  return { status, text: await response.text(), retryAfter: Number(headers.get('retry-after')) };
}

it('a service is closed with a page, for longer than was said, and opened early', () =>
  ui.scene('ui-maintenance', async () => {
    const closed = { start: 'now', durationMinutes: 30, content: 'We are moving to a faster database' };
    await ui.start('maintain-bad', input({ ...closed, durationMinutes: 0 }), 'maintenanceMode');
    expect(await ui.details(/failed: /)).toMatch(/durationMinutes: 0: /);
    await ui.start('maintain-web', input(closed), 'maintenanceMode');
    const open = await ui.details(
      /Waiting: web is closed for maintenance \(until .* UTC, then it is opened\)/,
    );
    await ui.look('ui-maintenance-closed');
    const page = await answer();
    expect([page.status, page.text.includes(closed.content)]).toEqual([503, true]);
    await ui.page.goto(`http://${ground.address('lb1')}/`);
    await ui.page.getByText('web is down for maintenance').waitFor();
    await ui.openRun('maintain-web');
    await ui.update(...answerIn(open, 'extend'));
    await ui.details(/extend by you: 30 more minutes: it ends at/);
    const longer = async () => (await answer()).retryAfter > page.retryAfter + 1_000 || undefined;
    await until('the page says so', 15, longer);
    await ui.update(...answerIn(open, 'promote'));
    await ui.details(/succeeded: web: .*web was closed for \d+ min and is open/s);
    await ui.look('ui-maintenance-end');
    await ui.badge('Completed');
    expect((await answer()).status).toBe(200);
  }));
