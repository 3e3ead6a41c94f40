import { RunOnce } from '../../src/contracts/inputs/rolling-upgrade';
import { planRunOnce } from '../../src/domain/run-once';

const HOSTS = ['n1', 'n2'];
const KNOWN = [...HOSTS, 'db1'];
const step = (more: object) => RunOnce.parse({ name: 'migrate', when: 'before', command: ['true'], ...more });

it('runs on the first host of the change unless another one is named', () => {
  const { steps, mistakes } = planRunOnce([step({}), step({ name: 'index', host: 'db1' })], HOSTS, KNOWN);
  expect(mistakes).toEqual([]);
  expect(steps.map(({ name, host }) => [name, host])).toEqual([
    ['migrate', 'n1'],
    ['index', 'db1'],
  ]);
});

it('keeps the given order, those before the hosts first', () => {
  const wanted = [step({ name: 'd', when: 'after' }), step({ name: 'a' }), step({ name: 'b' })];
  expect(planRunOnce(wanted, HOSTS, KNOWN).steps.map(({ name }) => name)).toEqual(['a', 'b', 'd']);
});

it('names the first step without an undo as the point of no return', () => {
  const wanted = [step({ name: 'expand', undo: ['true'] }), step({ name: 'contract', when: 'after' })];
  expect(planRunOnce(wanted, HOSTS, KNOWN).notes).toEqual([
    'point of no return: contract (after the hosts) has no undo; behind it a failure leaves everything as it stands',
  ]);
  expect(planRunOnce(wanted.slice(0, 1), HOSTS, KNOWN).notes).toEqual([]);
});

it.each([
  { wanted: [step({}), step({})], code: 'twice', path: 'runOnce.1.name' },
  { wanted: [step({ name: 'db1' })], code: 'nameTaken', path: 'runOnce.0.name' },
  { wanted: [step({ host: 'n9' })], code: 'unknownName', path: 'runOnce.0.host' },
])('refuses $path: $code', ({ wanted, code, path }) => {
  expect(planRunOnce(wanted, HOSTS, KNOWN).mistakes).toEqual([expect.objectContaining({ code, path })]);
});

it('plans nothing where every host runs the version already', () => {
  expect(planRunOnce([step({})], [], KNOWN).steps).toEqual([]);
});
