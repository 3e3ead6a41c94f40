/** What docker-compose.yml repeats of other files, since it can import none of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SERVER, UI } from '../../lab/docker/parts';
import { root } from '../../lab/paths';
import { serverArguments } from '../../lab/temporal/settings';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes';

interface Service {
  image: string;
  ports?: string[];
  command?: string[];
  environment?: Record<string, string>;
}

const read = (file: string): unknown =>
  parse(readFileSync(join(root, file), 'utf8'), { merge: true }) as unknown;
const { services } = read('docker-compose.yml') as { services: Record<string, Service> };

it('knows every search attribute', () => {
  const named = services['namespace']!.command!.join().match(/\bPawl\w+=\w+/g)!;
  expect(named.sort()).toEqual(
    Object.entries(SEARCH_ATTRIBUTES)
      .map(([name, type]) => `${name}=${type}`)
      .sort(),
  );
});

it('gives the server the settings that the lab gives it', () => {
  const settings = read('docker/temporal.yaml') as Record<string, { value: unknown }[]>;
  const given = Object.entries(settings).map(([name, [one]]) => `${name}=${JSON.stringify(one!.value)}`);
  const args = serverArguments({ dbFile: '', ui: false, ports: { grpc: 1, ui: 2 } });
  const wanted = args.filter((_, i) => args[i - 1] === '--dynamic-config-value');
  expect(given.sort()).toEqual(wanted.sort());
});

it('names the versions that are tried', () => {
  expect(services['temporal']!.image).toContain(`:-${SERVER}}`);
  expect(services['schema']!.image).toContain(`:-${SERVER}}`);
  expect(services['ui']!.image).toContain(`:-${UI}}`);
});

it('opens ports on loopback only', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

it('is tried as it is: the override replaces images and nothing else', () => {
  const local = read('docker/local/compose.yml') as { services: Record<string, object> };
  expect(Object.keys(local.services).sort()).toEqual(Object.keys(services).sort());
  const replaced = new Set(Object.values(local.services).flatMap((service) => Object.keys(service)));
  expect([...replaced].sort()).toEqual(['build', 'image']);
});
