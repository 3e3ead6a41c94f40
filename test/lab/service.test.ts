import { copyFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { down, exec, up } from '../../lab/hosts';
import { hostRoot } from '../../lab/hosts/topology';
import { makeRelease, type Behaviour } from '../../lab/service';

const NAME = 'test-service';
const PORT = 8080;
let address: string;
let count = 0;

beforeAll(async () => {
  await down(NAME);
  const lab = await up({ name: NAME, hosts: 1 });
  address = lab.hosts.find((host) => host.name === 'n1')!.address;
}, 300_000);

afterAll(() => down(NAME), 60_000);

/** Switches n1 to a release as an operator would by hand; returns its version and systemctl's exit code. */
async function release(behaviour: Behaviour): Promise<{ version: string; code: number }> {
  const version = `2.0.${count++}`;
  const { file } = await makeRelease({ version, behaviour });
  await copyFile(file, join(hostRoot(NAME, 'n1'), 'root/release.tar.gz'));
  const folder = `/opt/web/releases/${version}`;
  const unpack = `mkdir ${folder} && tar -xzf /root/release.tar.gz -C ${folder}`;
  const switchTo = `ln -sfn releases/${version} /opt/web/current && systemctl restart web`;
  const { code } = await exec(NAME, 'n1', ['sh', '-c', `${unpack} && ${switchTo}`]);
  return { version, code };
}

async function ask(path: string): Promise<{ status: number; body: string; ms: number }> {
  const begun = performance.now();
  const answer = await fetch(`http://${address}:${PORT}${path}`, { signal: AbortSignal.timeout(5000) });
  const body = (await answer.text()).trim();
  return { status: answer.status, body, ms: performance.now() - begun };
}

/** All that the service sends on one connection until it closes it, or for half a second. */
function raw(...parts: string[]): Promise<{ text: string; closed: boolean }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: address, port: PORT }, () => {
      for (const part of parts) socket.write(part);
      setTimeout(() => socket.destroy().removeAllListeners('close') && resolve({ text, closed: false }), 500);
    });
    socket.on('data', (data) => (text += data.toString()));
    socket.on('close', () => resolve({ text, closed: true }));
    socket.on('error', reject);
  });
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));

describe('on one connection', () => {
  it.each([
    ['one request', ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'], [200], false],
    ['two at once', ['GET / HTTP/1.1\r\n\r\nGET /version HTTP/1.1\r\n\r\n'], [200, 200], false],
    [
      'a fast one behind a slow one',
      ['GET /slow?ms=100 HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\n'],
      [200, 404],
      false,
    ],
    ['a request in pieces', ['GET / HT', 'TP/1.1\r\nHost', ': x\r\n\r\n'], [200], false],
    ['the last one', ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n'], [200], true],
    ['HTTP/1.0', ['GET / HTTP/1.0\r\n\r\n'], [200], true],
    ['no HTTP', ['hello\r\n\r\n'], [400], true],
    ['a body', ['POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi'], [405], true],
  ])('answers %s', async (_, parts, expected, closed) => {
    const answer = await raw(...parts);
    expect(statuses(answer.text)).toEqual(expected);
    expect(answer.closed).toBe(closed);
  });

  it('leaves the body out for HEAD', async () => {
    const { text } = await raw('HEAD / HTTP/1.1\r\n\r\n');
    expect(text).toMatch(/Content-Length: 9\r\n/);
    expect(text).toMatch(/\r\n\r\n$/);
  });
});

describe('a release may', () => {
  it('behave', async () => {
    const { version, code } = await release({});
    expect(code).toBe(0);
    expect(await ask('/version')).toMatchObject({ status: 200, body: version });
    expect(await ask('/path/one')).toMatchObject({ status: 200 });
  });

  it('fail a share of requests, but not health and version', async () => {
    await release({ errorShare: 0.05 });
    const answers = await Promise.all(Array.from({ length: 1000 }, () => ask('/')));
    const failed = answers.filter(({ status }) => status === 500).length;
    expect(failed).toBeGreaterThan(15); // 1000 × 5 % ± 5 standard deviations
    expect(failed).toBeLessThan(85);
    const spared = await Promise.all(
      Array.from({ length: 200 }, (_, i) => ask(i % 2 ? '/health' : '/version')),
    );
    expect(spared.every(({ status }) => status === 200)).toBe(true);
  });

  it('be slow', async () => {
    await release({ addMs: 300 });
    expect((await ask('/')).ms).toBeGreaterThanOrEqual(299);
    expect((await ask('/health')).ms).toBeLessThan(290);
  });

  it('not start, and note each attempt', async () => {
    const { version, code } = await release({ willNotStart: true });
    expect(code).not.toBe(0);
    expect((await exec(NAME, 'n1', ['systemctl', 'is-active', 'web'])).stdout.trim()).toBe('failed');
    expect((await exec(NAME, 'n1', ['grep', '-c', version, '/var/log/web/starts.log'])).stdout.trim()).toBe(
      '1',
    );
  });

  it('spoil one path', async () => {
    await release({ badPath: '/path/one' });
    expect(await ask('/path/one')).toMatchObject({ status: 500 });
    expect(await ask('/')).toMatchObject({ status: 200 });
  });

  it('be unhealthy', async () => {
    await release({ unhealthy: true });
    expect(await ask('/health')).toMatchObject({ status: 503 });
    expect(await ask('/')).toMatchObject({ status: 200 });
  });

  it('leak', async () => {
    await release({ leakKiB: 256 });
    const memory = async () => {
      const { stdout } = await exec(NAME, 'n1', ['ps', '-o', 'rss=', '-C', 'web', '-u', 'web']);
      return Number(stdout.trim());
    };
    const before = await memory();
    for (let i = 0; i < 100; i++) await ask('/');
    expect((await memory()) - before).toBeGreaterThan(20_000);
  });
});

describe('when it is stopped', () => {
  beforeAll(() => release({}));

  it('answers what is in work, closes idle connections and ends at once after that', async () => {
    const idle = connect({ host: address, port: PORT });
    const closed = new Promise((resolve) => idle.once('close', resolve));
    const long = ask('/slow?ms=1000');
    await sleep(200);
    const begun = Date.now();
    const stopping = exec(NAME, 'n1', ['systemctl', 'restart', 'web']);
    await closed;
    expect(Date.now() - begun).toBeLessThan(500);
    expect(await long).toMatchObject({ status: 200 });
    expect((await stopping).code).toBe(0);
    expect(Date.now() - begun).toBeLessThan(2500);
  });

  it('is soon back', async () => {
    const begun = Date.now();
    await exec(NAME, 'n1', ['systemctl', 'restart', 'web']);
    expect(await ask('/health')).toMatchObject({ status: 200 });
    expect(Date.now() - begun).toBeLessThan(1500);
  });
});
