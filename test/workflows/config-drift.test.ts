/** What a look for drift tells and starts, run after run of its schedule. */
import { randomUUID } from 'node:crypto';
import type { DriftLook } from '../../src/contracts/config-drift';
import type { Report } from '../../src/contracts/status';
import { driftLook } from './fake-drift';
import { endOf, FakeCluster, fails, Harness, type Company } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

function seeing(...looks: DriftLook[]): FakeCluster {
  const cluster = new FakeCluster();
  cluster.notifications = { progressSeconds: 0, channels: { ops: ['drift'] } };
  cluster.drifts.push(...looks);
  return cluster;
}

/** So many runs by the clock; Temporal gives each the result of the one before. */
async function hours(cluster: FakeCluster, count: number): Promise<void> {
  await harness.with(cluster, async ({ taskQueue }) => {
    const handle = await harness.env.client.workflow.start('configDrift', {
      ...{ taskQueue, workflowId: `drift-${randomUUID()}`, args: [{}], cronSchedule: '0 * * * *' },
    });
    await harness.env.sleep(`${count * 60 + 1} minutes`);
    await handle.terminate();
  });
}

/** Started by a person. */
async function once(
  cluster: FakeCluster,
  during: (report: Report, company: Company) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await harness.with(cluster, async (company) => {
    const handle = await company.start({}, {}, 'configDrift');
    await during((await endOf(handle)).report, company);
  });
}
const news = ({ told }: FakeCluster) =>
  told.map(({ announcement }) => (announcement.facts as { news: string[] }).news.join(', '));

const EDITED = 'n1 /etc/a edited X';

it('tells what is new once, and again when it was gone and comes back', async () => {
  const cluster = seeing(
    ...[driftLook([EDITED]), driftLook([EDITED]), driftLook([]), driftLook([EDITED, 'n2 /etc/b missing'])],
    ...[driftLook([EDITED, 'n2 /etc/b missing']), driftLook(['n1 /etc/a edited Y', 'n2 /etc/b missing'])],
  );
  await hours(cluster, 6);
  expect(news(cluster)).toEqual([
    'n1: /etc/a edited: as somebody has made it',
    'n1: /etc/a edited: as somebody has made it, n2: /etc/b missing: as somebody has made it',
    'n1: /etc/a edited: as somebody has made it',
  ]);
});

it('tells of a host that cannot be reached once, and of its drift not again when it is back', async () => {
  const away = driftLook(['n1  unreachable']);
  const busy = driftLook([]);
  busy.hosts[0]!.is = 'busy';
  const cluster = seeing(driftLook([EDITED]), away, away, busy, driftLook([EDITED]));
  await hours(cluster, 5);
  expect(news(cluster)).toEqual([
    'n1: /etc/a edited: as somebody has made it',
    expect.stringContaining('unreachable'),
  ]);
});

it('tells again what nobody has heard', async () => {
  const cluster = seeing(driftLook([EDITED]));
  cluster.deaf.ops = { why: 'no such channel', again: false };
  await hours(cluster, 2);
  delete cluster.deaf.ops;
  expect(news(cluster)).toEqual([]);
  const heard = seeing(driftLook([EDITED]));
  let refused = false;
  heard.trouble['tell ops'] = () => {
    if (refused) return;
    refused = true;
    fails('Failed', 'its worker is gone')();
  };
  await hours(heard, 2);
  expect(news(heard)).toHaveLength(1);
});

it('says how hosts are, and what is left to do', async () => {
  const look = driftLook([EDITED, 'n2  newer', 'n3  unreachable'], { notes: ['who was it?'] });
  await once(seeing(look), async (report) => {
    expect(report.phase).toBe('succeeded');
    expect(report.summary).toBe('2 of 2 hosts drifted from web/1: n1, n2; could not look at n3');
    expect(report.hosts.map(({ state }) => state)).toEqual(['failed', 'failed', 'unreachable']);
    expect(report.leftToDo[0]!.command).toBe(
      `echo '{"cluster":"fake.yaml","service":"web","hosts":["n1"],"revision":"web/1"}' | pawl start configCanary -f -`,
    );
    expect(report.notes).toEqual(['who was it?']);
  });
});

it('tells nobody and starts nothing when it is only to look', async () => {
  const cluster = seeing(driftLook([EDITED], { dryRun: true, correct: true, mayCorrect: true }));
  await once(cluster, async ({ drift }) => {
    expect(drift).not.toHaveProperty('correction');
    expect(drift!.memory).toEqual({ told: {}, correcting: {} });
  });
  expect(cluster.told).toEqual([]);
});

describe('a correction', () => {
  it('is not started by a schedule where the cluster file does not say so', async () => {
    const id = `c-${randomUUID()}`;
    await hours(seeing(driftLook([EDITED], { correct: true, correctionId: id })), 2);
    await expect(harness.env.client.workflow.getHandle(id).describe()).rejects.toThrow();
  });

  it('is not there where it would mend nothing', async () => {
    await once(seeing(driftLook(['n1 /etc/a notAFile'], { correct: true })), async ({ drift, leftToDo }) => {
      expect(drift).not.toHaveProperty('correction');
      expect(leftToDo.map(({ what }) => what)).toEqual([
        'n1: take away what lies in the place of a file; until then no configCanary touches it',
      ]);
    });
  });
});

it('fails with what is wrong in the input', async () => {
  const cluster = seeing();
  cluster.trouble['find drift'] = fails('BadInput', '1 mistake, nothing was touched', {
    mistakes: [{ code: 'noRelease', path: 'revision', value: 'nothing', rule: 'there is none' }],
  });
  await harness.with(cluster, async (company) => {
    const { end, message } = await endOf(await company.start({}, {}, 'configDrift'));
    expect([end, message]).toEqual(['BadInput', '1 mistake, nothing was touched']);
  });
});

// the last one: this server skips no time any more once a run has ended before its child
it('starts a configCanary of its own where a person asks for it, and waits for nothing', async () => {
  const cluster = seeing(driftLook([EDITED], { correct: true, correctionId: `c-${randomUUID()}` }));
  cluster.trouble['plan'] = fails('BadInput', 'what it does is told elsewhere');
  await once(cluster, async ({ drift, leftToDo }, company) => {
    const id = drift!.correction!;
    expect(leftToDo).toEqual([{ what: `${id} brings the files back`, command: `pawl get ${id}` }]);
    expect((await company.handleOf(id).describe()).type).toBe('configCanary');
    expect(await endOf(company.handleOf(id))).toMatchObject({ end: 'BadInput' });
  });
  expect(cluster.told[0]!.announcement.facts).toMatchObject({ correction: expect.stringMatching(/^c-/) });
});
