/** `pawl backups` and `pawl recover`: what they refuse, and what they start. */
import { Client, Connection } from '@temporalio/client';
import { pawl } from '../../src/cli/program';
import type { Listed } from '../../src/contracts/backup-run';
import { FakeCluster, fails } from '../workflows/harness';
import { imagined, Live } from './live';
import { Recorder } from './recorder';

const ID = 'shop-data.db1.20261129T020000123Z';
const DOTTED = 'shop.data.db1.example.com.20261129T020000123Z';
const NO_TIME = 'is no time; write it like 2026-11-29T02:00:00Z';

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Recorder();
  const code = await pawl(args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}

it.each<[string, string]>([
  [
    'backups show c.yaml shop-data',
    '"shop-data" is no id of a backup; `pawl backups list c.yaml` shows them',
  ],
  ['backups show c.yaml shop-data.db1.20261129', 'is no id of a backup'],
  ['backups verify c.yaml $(reboot)', '"$(reboot)" is no id of a backup'],
  ['backups verify c.yaml', "missing required argument 'id'"],
  ['backups explain c.yaml shop-data --at yesterday', `--at: "yesterday" ${NO_TIME}`],
  ['backups explain c.yaml shop-data --at 5', `--at: "5" ${NO_TIME}`],
  ['backups explain c.yaml shop-data --at 2026-11-29', `--at: "2026-11-29" ${NO_TIME}`],
  ['backups restore c.yaml shop-data --at 2026-11-29T02:00:00', `--at: "2026-11-29T02:00:00" ${NO_TIME}`],
  [
    `backups restore c.yaml ${ID} --at 2026-11-29T02:00:00Z`,
    `--at: ${ID} is a backup, which holds its own moment; name its source`,
  ],
  ['backups restore c.yaml shop-data --inPlace', "unknown option '--inPlace'"],
  ['backups lsit c.yaml', "unknown command 'lsit'"],
  ['recover', "missing required argument 'cluster'"],
  ['recover c.yaml --at 2026-11-29T02:00:00Z', '--at: of what? name sources with --restore'],
  ['recover c.yaml --restore shop-data --at noon', `--at: "noon" ${NO_TIME}`],
  [`recover c.yaml --restore shop-data ${ID} --at 2026-11-29T02:00:00Z`, `--at: ${ID} is a backup`],
  ['recover c.yaml --since 2026-11-29', `--since: "2026-11-29" ${NO_TIME}`],
  ['recover c.yaml --restore', "option '--restore <what...>' argument missing"],
  ['recover c.yaml --hosts', "option '--hosts <name...>' argument missing"],
])('%s is refused before anybody is asked', async (line, says) => {
  const { code, out, err } = await run(...line.split(' '));
  expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(says) });
});

describe('beside a worker', () => {
  let live: Live;
  let client: Client;
  let cluster: FakeCluster;
  beforeAll(async () => {
    live = await Live.start();
    process.env.TEMPORAL_ADDRESS = live.server.address;
    client = new Client({ connection: await Connection.connect({ address: live.server.address }) });
    await live.startWorker({
      ...imagined(() => cluster),
      lookAtBackups: async (raw) => {
        const look = await cluster.activities().lookAtBackups(raw);
        const entries = [{ id: DOTTED, host: 'db1.example.com' } as Listed];
        return { ...look, sources: [{ ...look.sources[0]!, source: 'shop.data', entries }] };
      },
    });
  }, 180_000);
  afterAll(async () => {
    delete process.env.TEMPORAL_ADDRESS;
    await client?.connection.close();
    await live?.stop();
  }, 60_000);
  beforeEach(() => (cluster = new FakeCluster()));
  jest.setTimeout(60_000);

  it.each<[string, object]>([
    [`backups verify c.yaml ${ID}`, { source: 'shop-data', pick: { id: ID } }],
    [`backups verify c.yaml ${DOTTED}`, { source: 'shop.data', pick: { id: DOTTED } }],
    [
      'backups restore c.yaml shop-data --at 2026-11-29T03:00:00+01:00',
      { source: 'shop-data', at: '2026-11-29T02:00:00.000Z' },
    ],
    [
      `backups restore c.yaml ${DOTTED} --on n1 --to /srv/look --as-they-are`,
      { source: 'shop.data', pick: { id: DOTTED }, on: 'n1', folder: '/srv/look', asTheyAre: true },
    ],
    [
      `recover c.yaml --dry-run --hosts n1 n2 --restore ${DOTTED} shop-data`,
      {
        dryRun: true,
        hosts: ['n1', 'n2'],
        restore: [{ source: 'shop.data', backup: DOTTED }, { source: 'shop-data' }],
      },
    ],
  ])('%s starts it with its input', async (line, input) => {
    const { code, out } = await run(...line.split(' '), '--json');
    expect(code).toBe(0);
    const { id } = JSON.parse(out) as { id: string };
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    const [payload] = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads!;
    expect(JSON.parse(Buffer.from(payload!.data!).toString())).toEqual({ cluster: 'c.yaml', ...input });
  });

  it('an id that the store does not have is told', async () => {
    const id = DOTTED.replace('com', 'org');
    expect(await run('backups', 'verify', 'c.yaml', id)).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        `there is no backup ${id}; \`pawl backups list c.yaml\` shows those there are`,
      ),
    });
  });

  it('mistakes of a catalogue that is asked are told in rows', async () => {
    const mistakes = [
      { code: 'unknownName', path: 'source', value: 'shop-date', rule: 'there is no such name' },
    ];
    cluster.trouble['look'] = fails('BadInput', '1 mistake, nothing was touched', { mistakes });
    expect(await run('backups', 'list', 'c.yaml', 'shop-date')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/source +shop-date +there is no such name/),
    });
  });
});
