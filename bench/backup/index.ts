/** npm run bench -- backup: a database dumped to the store by Pawl and by the pipeline that people write, and what it takes of memory. */
import { Client, Connection } from '@temporalio/client';
import Table from 'cli-table3';
import { loadNow } from '../machine';
import { watchMemory } from '../memory';
import { Stand } from '../stand';
import { spread } from '../statistics';
import { bringUp, fill, on } from './ground';
import type { Timed } from './pawl';
import { removePawl, runPawl } from './pawl';
import { openPlain, PLAIN_UNIT, removePlain, runPlain } from './plain';
import { watchUnit } from './unit-memory';

/** Of the plain pipeline's throughput: so much at least. */
const LEAST = 0.8;
/** Memory with all of the data may be so many times that with a part of it. */
const GROWTH = 1.3;
/** The part. */
const SMALL = 0.2;

interface Way {
  what: string;
  /** of the cluster file; none: without Pawl */
  source?: string;
}
const PLAIN: Way = { what: 'mariadb-dump | restic' };
const COUNTED: Way = { what: 'Pawl, checksums: false', source: 'counted' };
const SUMMED: Way = { what: 'Pawl, checksums: true', source: 'summed' };

interface Measured extends Partial<Timed> {
  way: Way;
  gigabytes: number;
  bytes: number;
  dump: number;
  job: number;
  /** MiB at most of what runs on the database's host */
  unit: number;
  /** MiB at most of the worker */
  worker: number;
}

export async function backup({ gigabytes, rounds }: { gigabytes: number; rounds: number }): Promise<boolean> {
  const stand = await bringUp(gigabytes);
  const connection = await Connection.connect({ address: stand.temporal.address });
  try {
    const client = new Client({ connection });
    await openPlain(stand);
    const small = gigabytes * SMALL;
    await fill(stand, small);
    const all = await inTurn(stand, client, small, 1);
    await fill(stand, gigabytes - small);
    all.push(...(await inTurn(stand, client, gigabytes, rounds)));
    return told(all, small, gigabytes);
  } finally {
    await connection.close();
    await Stand.down();
  }
}

/** All ways side by side; who begins changes with each round. */
async function inTurn(stand: Stand, client: Client, gigabytes: number, rounds: number): Promise<Measured[]> {
  const all: Measured[] = [];
  for (let round = 0; round < rounds; round += 1)
    for (const way of round % 2 ? [COUNTED, PLAIN, SUMMED] : [PLAIN, COUNTED, SUMMED]) {
      const measured = await measure(stand, client, way, gigabytes);
      console.log(
        `${way.what}, ${gigabytes.toFixed(2)} GB: ${measured.job.toFixed(1)} s; load average ${loadNow()}`,
      );
      all.push(measured);
    }
  return all;
}

async function measure(stand: Stand, client: Client, way: Way, gigabytes: number): Promise<Measured> {
  // what is still on its way to the disk is nobody's work
  await on(stand, 'db1', 'sync');
  const unit = watchUnit(stand.lab.name, 'db1', way.source ? /^pawl-job-/ : new RegExp(`^${PLAIN_UNIT}`));
  const worker = watchMemory(stand.workerPid);
  try {
    const timed = way.source ? await runPawl(stand, client, way.source) : await plainly(stand);
    const [ofUnit, ofWorker] = [await unit.stop(), await worker.stop()];
    return { way, gigabytes, ...timed, unit: ofUnit, worker: ofWorker.most };
  } finally {
    await Promise.all([unit.stop(), worker.stop()]);
    await (way.source ? removePawl(stand, way.source) : removePlain(stand));
  }
}

async function plainly(stand: Stand): Promise<Pick<Measured, 'dump' | 'job' | 'bytes'>> {
  const { seconds, bytes } = await runPlain(stand);
  return { dump: seconds, job: seconds, bytes };
}

const of = (all: readonly Measured[], way: Way, gigabytes: number) =>
  all.filter((one) => one.way === way && one.gigabytes === gigabytes);

const middle = (all: readonly Measured[], figure: (one: Measured) => number | undefined) =>
  spread(all.flatMap((one) => figure(one) ?? []))?.median;

/** Bytes a second of the whole job, which is the shell's pipeline from its begin to its end. */
const throughput = (all: readonly Measured[]) => middle(all, ({ bytes, job }) => bytes / job)!;

function told(all: readonly Measured[], small: number, gigabytes: number): boolean {
  const table = new Table({
    head: [
      '',
      'GB',
      'dump',
      'with tables',
      'MB/s',
      '× plain',
      'read back',
      'whole',
      'job, MiB',
      'worker, MiB',
    ],
    colAligns: ['left', ...Array<'right'>(9).fill('right')],
    style: { head: [], border: [] },
  });
  for (const size of [small, gigabytes])
    for (const way of [PLAIN, COUNTED, SUMMED]) table.push(row(all, way, size));
  console.log(`\n${table.toString()}`);
  console.log(
    'dump: until the store has all of it; with tables: until they are counted, or summed up, too; MB/s: of both; medians',
  );
  const wrong = wrongIn(all, small, gigabytes);
  for (const words of wrong) console.log(`WRONG ${words}`);
  return wrong.length === 0;
}

function row(all: readonly Measured[], way: Way, size: number): string[] {
  const own = of(all, way, size);
  const seconds = (figure: (one: Measured) => number | undefined) => {
    const value = middle(own, figure);
    return value === undefined ? '' : `${value.toFixed(1)} s`;
  };
  return [
    way.what,
    (middle(own, ({ bytes }) => bytes)! / 1e9).toFixed(2),
    ...[seconds(({ dump }) => dump), seconds(({ job }) => job)],
    (throughput(own) / 1e6).toFixed(1),
    (throughput(own) / throughput(of(all, PLAIN, size))).toFixed(2),
    ...[seconds(({ readBack }) => readBack), seconds(({ whole }) => whole)],
    middle(own, ({ unit }) => unit)!.toFixed(0),
    way.source ? middle(own, ({ worker }) => worker)!.toFixed(0) : '',
  ];
}

function wrongIn(all: readonly Measured[], small: number, gigabytes: number): string[] {
  const ratio = throughput(of(all, COUNTED, gigabytes)) / throughput(of(all, PLAIN, gigabytes));
  const slow =
    ratio < LEAST ? [`${ratio.toFixed(2)} of the plain pipeline's throughput, ${LEAST} is wanted`] : [];
  const grown = [COUNTED, SUMMED].flatMap((way) =>
    (['unit', 'worker'] as const).flatMap((whose) => {
      const [before, after] = [small, gigabytes].map((size) =>
        middle(of(all, way, size), (one) => one[whose])!,
      );
      const grows = after! > GROWTH * before!;
      return grows ? [`${way.what}: memory of the ${whose} grows from ${before} to ${after} MiB`] : [];
    }),
  );
  return [...slow, ...grown];
}
