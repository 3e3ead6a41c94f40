import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputOf, planFile, readPlanFile, writePlanFile } from '../../src/cli/plan-file';
import { FakeCluster } from '../workflows/harness';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-plan-'));
  file = join(folder, 'web.plan.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const input = {
  cluster: 'fake.yaml',
  service: 'web',
  dryRun: true,
  planHash: 'of another plan',
  planned: {},
};
const made = (hosts = ['n1', 'n2']) => planFile('rollingUpgrade', input, new FakeCluster(hosts).plan({}));

it('is read as it was written, and starts its input bound to its plan', async () => {
  await writePlanFile(file, made());
  await writePlanFile(file, made());
  expect(readdirSync(folder)).toEqual(['web.plan.json']);
  const read = await readPlanFile(file);
  expect(read).toEqual(JSON.parse(JSON.stringify(made())));
  expect(inputOf(read)).toEqual({
    cluster: 'fake.yaml',
    service: 'web',
    planHash: read.hash,
    planned: read.intent,
  });
});

it('an intent that is too large to go along stays at home', async () => {
  await writePlanFile(file, made(Array.from({ length: 3_000 }, (_, index) => `host-${index}`)));
  const read = await readPlanFile(file);
  expect(Object.keys(inputOf(read))).toEqual(['cluster', 'service', 'planHash']);
});

it('says why it cannot be written', async () => {
  await expect(writePlanFile(join(folder, 'no/such/folder'), made())).rejects.toMatchObject({
    type: 'BadInput',
    message: `${folder}/no/such/folder cannot be written: ENOENT`,
  });
});

describe('is refused when it', () => {
  interface Edited {
    fileFormat: number;
    input: Record<string, unknown>;
    intent: Record<string, unknown>;
    notes: string[];
    seal?: string;
  }
  const edited = (edit: (content: Edited) => void) => () => {
    const content = JSON.parse(JSON.stringify(made())) as Edited;
    edit(content);
    return JSON.stringify(content);
  };

  it.each<{ what: string; text: () => string; says: string }>([
    { what: 'was cut', text: () => JSON.stringify(made()).slice(0, 400), says: 'is not whole' },
    { what: 'is empty', text: () => '', says: 'is not whole' },
    { what: 'is another kind of file', text: () => '{"cluster":"fake.yaml"}', says: 'is no plan of pawl' },
    { what: 'is a list', text: () => '[]', says: 'is no plan of pawl' },
    {
      what: 'comes from a later pawl',
      text: edited((content) => (content.fileFormat = 2)),
      says: 'has plan file format 2, and this pawl reads 1; plan again',
    },
    ...Object.entries<(content: Edited) => void>({
      input: (content) => (content.input['service'] = 'db'),
      intent: (content) => (content.intent['version'] = '6'),
      notes: (content) => content.notes.push('read me'),
      seal: (content) => delete content.seal,
    }).map(([part, edit]) => ({
      what: `was changed in its ${part}`,
      text: edited(edit),
      says: 'was changed after it was written',
    })),
    {
      what: 'is too large',
      text: () => ' '.repeat(2_097_153),
      says: 'it is too large: a plan has at most 2 MiB',
    },
  ])('$what', async ({ text, says }) => {
    writeFileSync(file, text());
    await expect(readPlanFile(file)).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining(`${file} `),
    });
    await expect(readPlanFile(file)).rejects.toThrow(says);
  });

  it('is not there, or a folder', async () => {
    await expect(readPlanFile(file)).rejects.toThrow(`${file} cannot be read: there is no such file`);
    await expect(readPlanFile(folder)).rejects.toThrow(`${folder} cannot be read: it is a folder`);
  });
});

it('is for people too: indented, and ended by a line', async () => {
  await writePlanFile(file, made());
  expect(readFileSync(file, 'utf8')).toMatch(/^\{\n {2}"kind": "pawl-plan",\n[^]*\n\}\n$/);
});
