/** A backup, a schedule and a recovery by somebody who has nothing but Temporal's web interface. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { backedUp, catalogue, editCluster, sql } from '../lab/backups';
import { expectAllIn } from '../lab/whole-run';
import { opened } from './opened';
import { TemporalSchedule } from './temporal-schedule';
import { answerIn } from './temporal-ui';

const CODE = { kind: 'folders', role: 'app', folders: ['/opt/web'], level: 'application' };

const at = opened('test-ui-backups', 2, (name, hosts) =>
  backedUp(name, hosts, { 'web-files': CODE }, { ui: true }),
);

beforeAll(async () => {
  // what nobody installs here would be damage
  await editCluster(at.ground, (file) => {
    delete file.services['webdeb'];
    delete file.config;
  });
  await sql(
    at.ground,
    `CREATE DATABASE shop; USE shop; CREATE TABLE orders (id INT PRIMARY KEY, what VARCHAR(60));
    INSERT INTO orders SELECT seq, SHA2(seq, 224) FROM seq_1_to_1000;`,
  );
}, 60_000);

const input = (more: object = {}) => ({ cluster: at.target().cluster, ...more });

it('a backup is started, and followed until it is in the catalogue', () =>
  at.ui.scene('ui-backup', async () => {
    await at.ui.start('backup-shop-data', input({ source: 'shop-data' }), 'backup');
    const end = await at.ui.details(/succeeded: shop-data: backup on test-ui-backups/);
    expect(end).toContain('shop-data is backed up on db1, and read back');
    const [, id] = /(shop-data\.db1\.[0-9TZ]+)/.exec(end) ?? [];
    await at.ui.badge('Completed');
    expect(await at.ui.tab('timeline', /"phase"/)).toContain('shop-data is backed up on db1, and read back');
    const [entry, ...others] = await catalogue(at.ground, 'shop-data');
    expect([entry, others]).toMatchObject([{ id, kind: 'full', run: 'backup-shop-data' }, []]);
    const { content } = entry!;
    expect(content.kind === 'mariadb' && content.tables).toMatchObject([
      { name: 'shop.orders', rows: 1_000 },
    ]);
  }));

it('a schedule is edited, paused and triggered', () =>
  at.ui.scene('ui-schedule', async () => {
    const daily = { id: 'web-files', workflow: 'backup', cron: '0 2 * * *', timeZone: 'Europe/Berlin' };
    const file = join(dirname(at.ground.cluster), 'schedules.yaml');
    await writeFile(file, stringify([{ ...daily, input: input({ source: 'web-files' }) }]));
    expect(await at.pawl('schedule', 'apply', file)).toBe('created web-files\n');

    const schedule = new TemporalSchedule(at.ui, 'pawl-web-files');
    expect(await schedule.open()).toMatch(/backup.*At 02:00 every day.*Europe\/Berlin/s);
    await schedule.replaceTimes('30 3 * * *');
    await at.ui.page.getByText('At 03:30 every day').first().waitFor();
    await schedule.pause('a move');
    await schedule.trigger();
    await schedule.openRun(/^backup-web-files-20/);
    const end = await at.ui.details(/succeeded: web-files: backup on test-ui-backups/);
    expect(end).toContain('web-files is backed up on n1, n2, and read back');
    await at.ui.badge('Completed');

    const kept = await at.ground.client.schedule.getHandle('pawl-web-files').describe();
    expect(kept).toMatchObject({
      spec: { calendars: [{ hour: [{ start: 3, end: 3 }], minute: [{ start: 30, end: 30 }] }] },
      state: { paused: true, note: 'a move' },
      action: { workflowType: 'backup', args: [input({ source: 'web-files' })] },
    });
    expect([kept.spec.timezone, kept.spec.calendars?.length]).toEqual(['Europe/Berlin', 1]);
    const backups = await catalogue(at.ground, 'web-files');
    expect(backups.map(({ host }) => host).sort()).toEqual(['n1', 'n2']);
    const [{ action } = {}] = kept.info.recentActions;
    for (const { run } of backups) expect(run).toBe(action?.workflow.workflowId);
    expect(await at.pawl('schedule', 'apply', file, '--dry-run')).toBe('would be updated web-files\n');
  }));

it('what a disaster has damaged comes back, once somebody has read it and said yes', () =>
  at.ui.scene('ui-recovery', async () => {
    const on = (script: string) => at.ground.inside('n1', 'sh', '-c', script);
    const files = () =>
      on('cd /opt/web && readlink current && find releases -type f -exec sha256sum {} + | sort');
    const before = await files();
    await on('rm -rf /opt/web/releases; systemctl stop web');

    await at.ui.start('recovery-n1', input(), 'disasterRecovery');
    const open = await at.ui.details(/awaitingApproval: test-ui-backups: recovery of n1/, 120_000);
    expect(open).toMatch(/Waiting: approve plan [0-9a-f]{12} before anything is touched \(until 20/);
    expect(open).toMatch(/damaged: n1, web-files: \d+ of \d+ files are missing: \/opt\/web\/releases/);
    expect(open).toMatch(/damaged: n1, web: .*web\.service is inactive/);
    await at.ui.picture('temporal-ui-recovery', 1_150);
    expect(await on('ls /opt/web; systemctl is-active web || true')).toBe('current\ninactive');

    await at.ui.update(...answerIn(open, 'approve'));
    const end = await at.ui.details(/succeeded: test-ui-backups: recovery of n1/, 120_000);
    expect(end).toMatch(/recovered: 2 steps in .* \(RTO\); at most .* are lost \(RPO\)/);
    await at.ui.look('ui-recovery-end');
    await at.ui.badge('Completed');

    expect(await files()).toBe(before);
    const [, aside] = /lies on n1 in\s+(\/opt\/web\S*\.aside-\w+)/.exec(end) ?? [];
    expect(await on(`ls '${aside}'`)).toBe('current');
    expect((await fetch(`http://${at.ground.address('n1')}:8080/health`)).status).toBe(200);
    await expectAllIn(at.ground);
  }));
