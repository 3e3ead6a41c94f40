/** A repository that is pushed to while it is backed up. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ended, Ground } from './ground';

jest.setTimeout(120_000);

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-git-backup', 1, { backup: true });
  await writeFile(join(dirname(ground.cluster), 'password'), 'a-password-that-nobody-may-see');
  const cluster = parse(await readFile(ground.cluster, 'utf8')) as {
    backups: { store: object; sources: object };
  };
  Object.assign(cluster.backups.store, { password: 'file:password' });
  cluster.backups.sources = { code: { kind: 'git', host: 'n1', repository: '/srv/code.git' } };
  await writeFile(ground.cluster, stringify(cluster));
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const on = (host: string, command: string) => ground.inside(host, 'sh', '-c', command);
const start = async (type: string, more: object = {}) =>
  ended(
    await ground.client.workflow.start(type, {
      taskQueue: 'pawl',
      workflowId: `${type}-${Date.now()}`,
      args: [{ cluster: ground.cluster, source: 'code', attempts: 1, ...more }],
    }),
  );
const drill = () =>
  ground.client.workflow
    .start('restoreDrill', {
      taskQueue: 'pawl',
      workflowId: `drill-${Date.now()}`,
      args: [{ cluster: ground.cluster, source: 'code' }],
    })
    .then(ended);

it('where there is no repository, or an empty one, nothing is backed up', async () => {
  const none = await start('backup', { dryRun: true });
  expect([none.end, none.message]).toEqual([
    'BadInput',
    expect.stringContaining('there is no /srv/code.git'),
  ]);
  await on('n1', 'git init -q --bare -b main /srv/code.git && chown -R www-data: /srv/code.git');
  const empty = await start('backup');
  expect([empty.end, empty.message]).toEqual(['Failed', expect.stringContaining('could not be copied')]);
});

it('it is backed up with all its branches and tags while somebody pushes, and comes back', async () => {
  await on(
    'n1',
    `cd /root && git config --global user.name T && git config --global user.email t@example.org &&
    git config --global --add safe.directory '*' && git init -q -b main work && cd work &&
    head -c 5000000 /dev/urandom >file && git add . && git commit -qm one && git tag -a v1 -m v1 && git branch side &&
    git push -q --mirror /srv/code.git && chown -R www-data: /srv/code.git
    systemd-run -q --unit=pusher -p WorkingDirectory=/root/work -E HOME=/root sh -c 'n=0; while :; do n=$((n + 1));
      echo $n >number; git add . && git commit -qm $n && git push -q /srv/code.git main && chown -R www-data: /srv/code.git; done'`,
  );
  // git may look just when a branch is between two places; then it is no backup
  const run = await start('backup', { attempts: 5, pauseSeconds: 1 });
  expect([run.end, run.message]).toEqual(['succeeded', expect.stringContaining('read back')]);
  await on('n1', 'systemctl stop pusher');
  expect(Number(await on('n1', 'HOME=/root git -C /srv/code.git rev-list --count main'))).toBeGreaterThan(5);
  const drilled = await drill();
  console.log(run.message, drilled.message);
  expect([drilled.end, drilled.message]).toEqual([
    'succeeded',
    expect.stringContaining('3 refs, each at its commit'),
  ]);
  expect(await on('bk1', 'ls -A /var/lib/pawl-scratch /var/lib/pawl/backups/results')).not.toContain('drill');
});

it('one whose objects are spoilt is no backup', async () => {
  await on(
    'n1',
    `cd /srv/code.git && rm -rf objects/$(git rev-parse side^{tree} | cut -c 1-2) && find objects -name '*.pack' -delete`,
  );
  const run = await start('backup');
  expect([run.end, run.message]).toEqual([
    'Failed',
    expect.stringMatching(/could not be copied|has no branches/),
  ]);
  expect((await on('bk1', 'ls /srv/pawl-backups/code/catalogue')).split('\n')).toHaveLength(1);
});
