/** A service that is watched and one that is closed, by somebody who has nothing but Temporal's web interface. */
import { until } from '../../lab/hosts/wait';
import { expectAllIn } from '../lab/whole-run';
import { opened } from './opened';
import { answerIn } from './temporal-ui';

const at = opened('test-ui-service', 3);

const input = (more: object) => ({ ...at.target(), ...more });

/** The service of n2 says of itself that it is unhealthy, or well. */
async function unhealthy(is: boolean): Promise<void> {
  const file = '/opt/web/current/behaviour.json';
  const script = `echo '${JSON.stringify({ unhealthy: is })}' >${file} && systemctl restart web`;
  await at.ground.inside('n2', 'sh', '-c', script);
}

it('a watch shows who is unhealthy and who is back, and ends when it is told to', () =>
  at.ui.scene('ui-watch', async () => {
    const often = { intervalSeconds: 1, failures: 2, passes: 2 };
    await at.ui.start('watch-web', input(often), 'healthWatch');
    const well = await at.ui.details(/running: web: watched every 1 s on test-ui-service/);
    expect(await at.ui.details(/3 of 3 in rotation; nobody is unhealthy/)).toMatch(
      /n2 +done +in \(weight 100\)/,
    );
    expect(well).not.toContain('null');
    await unhealthy(true);
    const out = await at.ui.details(/n2 was taken out: \/health answers 503/);
    expect(out).toMatch(/2 of 3 in rotation; unhealthy: n2/);
    await at.ui.details(/n2 +out +out at edge/);
    await at.ui.look('ui-watch-out');
    await unhealthy(false);
    await at.ui.details(/n2 is well and back/);
    await at.ui.details(/3 of 3 in rotation; nobody is unhealthy/);
    await at.ui.update('pause', '{"by":"ann","note":"a test of the network"}');
    const paused = await at.ui.details(/paused: web: watched/);
    expect(paused).toMatch(/nobody looks at the hosts/);
    await at.ui.update(...answerIn(paused, 'resume'));
    await at.ui.details(/running: web: watched/);
    await at.ui.update('abort', '{"by":"ann","undo":false}');
    await at.ui.details(/aborted: web: watched every 1 s.*stopped by ann; hosts stay as they are/s);
    await at.ui.look('ui-watch-end');
    await at.ui.badge('Failed');
    await expectAllIn(at.ground);
  }));

/** What somebody gets who asks for the service. */
async function answer(): Promise<{ status: number; text: string; retryAfter: number }> {
  const response = await fetch(`http://${at.ground.address('lb1')}/`);
  const { status, headers } = response;
  return { status, text: await response.text(), retryAfter: Number(headers.get('retry-after')) };
}

it('a service is closed with a page, for longer than was said, and opened early', () =>
  at.ui.scene('ui-maintenance', async () => {
    const closed = { start: 'now', durationMinutes: 30, content: 'We are moving to a faster database' };
    await at.ui.start('maintain-bad', input({ ...closed, durationMinutes: 0 }), 'maintenanceMode');
    expect(await at.ui.details(/failed: /)).toMatch(/durationMinutes: 0: /);
    await at.ui.start('maintain-web', input(closed), 'maintenanceMode');
    const open = await at.ui.details(
      /Waiting: web is closed for maintenance \(until .* UTC, then it is opened\)/,
    );
    await at.ui.look('ui-maintenance-closed');
    const page = await answer();
    expect([page.status, page.text.includes(closed.content)]).toEqual([503, true]);
    await at.ui.page.goto(`http://${at.ground.address('lb1')}/`);
    await at.ui.page.getByText('web is down for maintenance').waitFor();
    await at.ui.openRun('maintain-web');
    await at.ui.update(...answerIn(open, 'extend'));
    await at.ui.details(/extend by you: 30 more minutes: it ends at/);
    const longer = async () => (await answer()).retryAfter > page.retryAfter + 1_000 || undefined;
    await until('the page says so', 15, longer);
    await at.ui.update(...answerIn(open, 'promote'));
    await at.ui.details(/succeeded: web: .*web was closed for \d+ min and is open/s);
    await at.ui.look('ui-maintenance-end');
    await at.ui.badge('Completed');
    expect((await answer()).status).toBe(200);
  }));
