/** What the local images are made from: programs that are built or fetched once, and a minimal Debian. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../hosts/command';
import { debianMirror } from '../hosts/mirror';
import { asset, cacheDir } from '../paths';
import { fillCache } from '../temporal/cache';
import { findTemporal } from '../temporal/program';
import { telling } from '../temporal/words';

/** As docker-compose.yml names them. */
export const SERVER = '1.31.2';
export const UI = '2.54.1';
const NODE = '22.23.3';
const NPM = '10.9.9';

/** The server takes three and a half minutes on two idle cores, many more on busy ones. */
const GO_LIMIT_MS = 40 * 60_000;
const FETCH_LIMIT_MS = 5 * 60_000;
const DEBIAN_LIMIT_MS = 10 * 60_000;
/** Whom this machine trusts, for npm in a container. */
const AUTHORITIES = process.env.NODE_EXTRA_CA_CERTS || '/etc/ssl/certs/ca-certificates.crt';

/** As in the official image: what apt would keep for itself is 80 MB in every layer that installs something. */
const LEAN = `Dir::Cache { pkgcache ""; srcpkgcache ""; };
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };
`;

const cache = (name: string) => join(cacheDir, 'docker', name);

/**
 * Lays out one folder for each image under `docker/local`: its Dockerfile and all that this copies.
 *
 * @param parts the folder above them, PAWL_PARTS of the override file
 */
export async function layOutParts(parts: string, signal: AbortSignal): Promise<void> {
  const [server, ui, node] = [
    await temporalServer(signal),
    await temporalUi(signal),
    await nodeAndNpm(signal),
  ];
  await rm(parts, { recursive: true, force: true });
  await cp(asset('docker/local'), parts, { recursive: true });
  const put = (image: string, name: string, from: string) =>
    cp(from, join(parts, image, name), { recursive: true, preserveTimestamps: true });
  await put('temporal', 'temporal-server', join(server, 'temporal-server'));
  await put('temporal', 'entrypoint.sh', join(server, 'entrypoint.sh'));
  await put('admin-tools', 'temporal-sql-tool', join(server, 'temporal-sql-tool'));
  await put('admin-tools', 'temporal', await findTemporal());
  await put('ui', 'ui-server', join(ui, 'ui-server'));
  await put('ui', 'docker.yaml', join(ui, 'docker.yaml'));
  await put('node', 'node', join(node, `node_modules/node-linux-${arch()}/bin/node`));
  await put('node', 'npm', join(node, 'node_modules/npm'));
  await put('node', 'authorities.crt', AUTHORITIES);
}

/** A tar of a minimal Debian, and a name that changes with its recipe. */
export async function debian(signal: AbortSignal): Promise<{ tar: string; recipe: string }> {
  const mirror = await debianMirror();
  const options = ['--variant=minbase', '--include=ca-certificates', 'bookworm'];
  const digest = createHash('sha256')
    .update([...options, mirror, arch(), LEAN].join(' '))
    .digest('hex');
  const recipe = digest.slice(0, 12);
  const folder = cache(`debian-${recipe}`);
  const tar = join(folder, 'debian.tar');
  if (existsSync(tar)) return { tar, recipe };
  await telling('a minimal Debian, once', () =>
    fillCache(folder, async (draft) => {
      // mounts of debootstrap go with the namespace
      const alone = ['--mount', '--propagation', 'private'];
      const root = join(draft, 'root');
      const limits = { timeoutMs: DEBIAN_LIMIT_MS, signal };
      await run('unshare', [...alone, 'debootstrap', ...options, root, mirror], limits);
      await writeFile(join(root, 'etc/apt/apt.conf.d/lean'), LEAN);
      const without = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './usr/share/doc/*'];
      const exclude = without.map((path) => `--exclude=${path}`);
      await run('tar', ['-C', root, ...exclude, '-cf', join(draft, 'debian.tar'), '.'], limits);
      await rm(root, { recursive: true });
    }),
  );
  return { tar, recipe };
}

async function temporalServer(signal: AbortSignal): Promise<string> {
  const folder = cache(`temporal-server-${SERVER}`);
  const module = 'go.temporal.io/server';
  await once(folder, `Temporal's server ${SERVER}, with Go (minutes, once)`, async (draft) => {
    const packages = ['cmd/server', 'cmd/tools/sql'].map((path) => `${module}/${path}@v${SERVER}`);
    await go(['install', ...FLAGS, ...packages], draft, signal);
    await rename(join(draft, 'server'), join(draft, 'temporal-server'));
    await rename(join(draft, 'sql'), join(draft, 'temporal-sql-tool'));
    const source = await moduleFolder(`${module}@v${SERVER}`, draft, signal);
    await copyWritable(join(source, 'docker/scripts/sh/entrypoint.sh'), join(draft, 'entrypoint.sh'));
  });
  return folder;
}

async function temporalUi(signal: AbortSignal): Promise<string> {
  const folder = cache(`temporal-ui-${UI}`);
  const module = 'github.com/temporalio/ui-server/v2';
  await once(folder, `Temporal's web interface ${UI}, with Go`, async (draft) => {
    await go(['install', ...FLAGS, `${module}/cmd/server@v${UI}`], draft, signal);
    await rename(join(draft, 'server'), join(draft, 'ui-server'));
    const source = await moduleFolder(`${module}@v${UI}`, draft, signal);
    await copyWritable(join(source, 'config/docker.yaml'), join(draft, 'docker.yaml'));
  });
  return folder;
}

async function nodeAndNpm(signal: AbortSignal): Promise<string> {
  const folder = cache(`node-${NODE}`);
  await once(folder, `Node ${NODE} from npm's registry`, async (draft) => {
    await writeFile(join(draft, 'package.json'), '{}');
    const packages = [`node-linux-${arch()}@${NODE}`, `npm@${NPM}`];
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    await run('npm', ['install', ...options, ...packages], {
      cwd: draft,
      timeoutMs: FETCH_LIMIT_MS,
      signal,
    });
  });
  return folder;
}

async function once(folder: string, words: string, fill: (draft: string) => Promise<void>): Promise<void> {
  if (!existsSync(folder)) await telling(words, () => fillCache(folder, fill));
}

/** Without what debuggers need, which is a third of them. */
const FLAGS = ['-ldflags=-s -w'];

/** At low priority: the compiler takes every core that it can get. */
async function go(args: string[], bin: string, signal: AbortSignal): Promise<string> {
  const env = { GOBIN: bin, CGO_ENABLED: '0' };
  return run('nice', ['go', ...args], { cwd: tmpdir(), env, timeoutMs: GO_LIMIT_MS, signal });
}

async function moduleFolder(module: string, draft: string, signal: AbortSignal): Promise<string> {
  const { Dir } = JSON.parse(await go(['mod', 'download', '-json', module], draft, signal)) as {
    Dir: string;
  };
  return Dir;
}

/** Go keeps its modules read-only. */
async function copyWritable(from: string, to: string): Promise<void> {
  await writeFile(to, await readFile(from));
  await chmod(to, 0o755);
}
