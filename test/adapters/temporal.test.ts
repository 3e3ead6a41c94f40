import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { identify } from '../../lab/temporal/processes';
import { discardTemporal, findServer, startTemporal, type TemporalServer } from '../../lab/temporal/server';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes';

const name = `test-${randomUUID()}`;
let folder: string;

const start = () => startTemporal({ name, dbFile: join(folder, 'temporal.db'), ui: true });

async function asking<Result>(
  server: TemporalServer,
  ask: (client: Client) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await ask(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-temporal-'));
});

afterAll(async () => {
  await discardTemporal(name);
  await rm(folder, { recursive: true });
});

it('starts with its web interface and our search attributes', async () => {
  const server = await start();
  const page = await fetch(server.uiUrl ?? '');
  expect(page.status).toBe(200);
  const known = await asking(server, (client) =>
    client.connection.operatorService.listSearchAttributes({ namespace: 'default' }),
  );
  expect(Object.keys(known.customAttributes)).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
});

it('is found again instead of being started twice', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(second.pid).toBe(first.pid);
  expect((await findServer(name))?.pid).toBe(first.pid);
  await expect(startTemporal({ name, dbFile: join(folder, 'other.db'), ui: true })).rejects.toThrow(
    'another database',
  );
});

it('keeps its data and its address from run to run, after a kill too', async () => {
  const before = await start();
  const workflowId = `waits-${randomUUID()}`;
  await asking(before, (client) =>
    client.workflow.start('nobodyRunsThis', {
      workflowId,
      taskQueue: 'none',
      searchAttributes: { PawlCluster: ['lab'] },
    }),
  );
  process.kill(before.pid, 'SIGKILL');
  const killed = await start();
  await killed.stop();
  expect(await identify(killed.pid)).toBeUndefined();
  expect(await findServer(name)).toBeUndefined();

  const after = await start();
  expect(after.address).toBe(before.address);
  const run = await asking(after, (client) => client.workflow.getHandle(workflowId).describe());
  expect(run.status.name).toBe('RUNNING');
  expect(run.searchAttributes).toMatchObject({ PawlCluster: ['lab'] });
});

it('takes the place of a server that is alive but gives no answer', async () => {
  const frozen = await start();
  process.kill(frozen.pid, 'SIGSTOP');
  const fresh = await start();
  expect(fresh.pid).not.toBe(frozen.pid);
  expect(await identify(frozen.pid)).toBeUndefined();
}, 40_000);

it('waits for stop before it says that the server is gone, and may be asked twice', async () => {
  const server = await start();
  await server.stop();
  await server.stop();
  await expect(Connection.connect({ address: server.address, connectTimeout: 500 })).rejects.toThrow();
});
