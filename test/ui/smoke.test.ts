import { answerIn, TemporalUi } from '../browser/temporal-ui';
import { imagined, Live } from '../cli/live';
import { FakeCluster } from '../workflows/harness';

jest.setTimeout(120_000);

const cluster = new FakeCluster();
let live: Live;
let ui: TemporalUi;
beforeAll(async () => {
  live = await Live.start({ ui: true });
  await live.startWorker(imagined(() => cluster));
  ui = await TemporalUi.open(live.server.uiUrl!);
});
afterAll(async () => {
  await ui?.close();
  await live?.stop();
});

const INPUT = {
  cluster: 'examples/lab/cluster.yaml',
  service: 'web',
  version: '2.0.0',
  artifact: { file: 'web-2.0.0.tar.gz' },
  batches: [1, '100%'],
  minHealthySeconds: 1,
  // nobody is hurried: the test ends it
  soakSeconds: 3_600,
  watchSeconds: 1,
};

it('starts an upgrade from the form, pauses it, resumes it and reads the end', () =>
  ui.scene('ui-smoke', async () => {
    await ui.start('upgrade-web-2.0.0', INPUT);
    const soaking = await ui.details(/soaking: web → 2\.0\.0 on fake/);
    expect(soaking).toMatch(/n1 +2\.0\.0 +done +in \(weight 100\) at edge/);
    await ui.update('pause', '{"by":"ann","note":"lunch"}');
    await ui.update(...answerIn(soaking, 'promote'));
    const paused = await ui.details(/paused by ann \(lunch\); waits for somebody to resume/);
    await ui.update(...answerIn(paused, 'resume'));
    expect(await ui.details(/succeeded: web → 2\.0\.0/)).toContain('web runs 2.0.0 on 3 hosts');
    await ui.badge('Completed');
  }));
