/** npm run bench -- config: a large configuration rendered for many hosts and compared with what they have, then switched on one. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { differences } from '../../src/activities/config-look';
import { openCentre, renderAll, type Rendered } from '../../src/adapters/config-centre';
import { stateOf } from '../../src/adapters/config-centre/state';
import { loadNow } from '../machine';
import { residentMiB } from '../memory';
import { BenchCentre } from './centre';
import { folderHost, ranHere } from './host';

interface Size {
  files: number;
  hosts: number;
}
/** Seconds that are aimed at for rendering and comparing all. */
const WITHIN = 60;
const SERVICE = 'web';

export async function config({ files, hosts }: Size): Promise<boolean> {
  const bench = await BenchCentre.make(files, hosts);
  let most = 0;
  const memory = setInterval(
    () => void residentMiB(process.pid).then((now) => (most = Math.max(most, now))),
    50,
  );
  try {
    const idle = await residentMiB(process.pid);
    const all = await timed(`${files} files for ${hosts} hosts rendered`, () => rendered(bench));
    const folders = await Promise.all(
      [...all.result].map(async ([name, list]) => folderHost(name, await bench.host(name, list))),
    );
    const looks = await timed(
      'the same commit rendered again, and compared with what hosts have',
      async () => {
        const again = await rendered(bench);
        for (const list of again.values()) stateOf(list);
        const { signal } = new AbortController();
        return Promise.all(folders.map((host) => differences(host, again.get(host.name)!, signal)));
      },
    );
    const wanted = hosts * Math.floor(files / 10);
    const found = looks.result.flat().length;
    console.log(`${found} files are otherwise, of ${wanted}`);
    await timed(`what each of ${hosts} hosts needs for a step, rendered one after the other`, async () => {
      for (const { name } of folders) await rendered(bench, name);
    });
    console.log(`resident memory: ${Math.round(idle)} MiB at first, at most ${Math.round(most)} MiB`);
    const switched = await onOneHost(bench, all.result.get('h1')!);
    const seconds = all.seconds + looks.seconds;
    console.log(
      `rendered and compared: ${seconds.toFixed(1)} s, ${WITHIN} aimed at; load average ${loadNow()}`,
    );
    return switched && found === wanted && seconds <= WITHIN;
  } finally {
    clearInterval(memory);
    await bench.remove();
  }
}

/** As an activity does it: the repository is opened anew. */
async function rendered(
  { cluster, folder, commit }: BenchCentre,
  only?: string,
): Promise<Map<string, Rendered[]>> {
  const centre = await openCentre({ cluster, folder });
  const tree = await centre.treeOf(SERVICE, commit);
  return renderAll({ cluster, service: SERVICE, tree, revision: commit.slice(0, 12), ...(only && { only }) });
}

/** The programs of a host on this machine; what they make services do is left out. */
async function onOneHost({ folder }: BenchCentre, files: readonly Rendered[]): Promise<boolean> {
  const root = join(folder, 'one');
  await mkdir(root);
  const own = files.map(({ target, bytes }) => ({
    target: { ...target, path: `${root}${target.path}`, after: 'nothing' as const },
    bytes,
  }));
  const states = join(folder, 'states');
  const bring = async (list: typeof own, label: string, before: string) => {
    const { name, manifest, actions, content } = stateOf(list);
    const sizes = [manifest, actions].map((text) => String(Buffer.byteLength(text)));
    const stdin = Buffer.concat([Buffer.from(manifest + actions), content]);
    return ranHere('stage-config', [states, name, label, before, ...sizes, '10'], stdin);
  };
  const edited = own.map(({ target, bytes }) => ({
    target,
    bytes: Buffer.concat([bytes, Buffer.from('more\n')]),
  }));
  const codes = [
    await timed('staged on a host that has none of them', () => bring(own, 'one', 'before-one')),
    await timed('switched to, all files new', () => ranHere('jobs/switch-config', [states, 'one'], '')),
    await timed('staged where all are there, with other bytes', () => bring(edited, 'two', 'before-two')),
    await timed('switched to, all files replaced', () => ranHere('jobs/switch-config', [states, 'two'], '')),
    await timed('switched to again, nothing to do', () => ranHere('jobs/switch-config', [states, 'two'], '')),
    await timed('and back', () => ranHere('jobs/switch-config', [states, 'before-two'], '')),
  ].map(({ result }) => result);
  for (const { code, stderr } of codes) if (code !== 0) console.log(`WRONG ${code}: ${stderr}`);
  return codes.every(({ code }) => code === 0);
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const begun = performance.now();
  const result = await work();
  const seconds = (performance.now() - begun) / 1_000;
  console.log(`${what}: ${seconds.toFixed(1)} s`);
  return { result, seconds };
}
