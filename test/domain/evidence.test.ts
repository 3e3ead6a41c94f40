import { provesAbove, provesAtMost, provesMore, samplesNeeded } from '../../src/domain/evidence';
import reference from './evidence/reference.json';

const { confidence } = reference;

describe('as SciPy says', () => {
  it('a share is shown to be at most a limit, or above it', () => {
    const ours = reference.claims.map((claim) => ({
      ...claim,
      atMost: provesAtMost(claim, claim.limit, confidence),
      above: provesAbove(claim, claim.limit, confidence),
    }));
    expect(ours).toEqual(reference.claims);
  });

  it('so many samples are needed', () => {
    const ours = reference.needed.map(({ events, limit }) => samplesNeeded(events, limit, confidence));
    expect(ours).toEqual(reference.needed.map(({ samples }) => samples));
  });

  it('events come more often here than there', () => {
    const count = ([events = 0, samples = 0]: number[]) => ({ events, samples });
    const ours = reference.more.map(({ here, there }) => provesMore(count(here), count(there), confidence));
    expect(ours).toEqual(reference.more.map(({ more }) => more));
  });
});

it.each([
  { limit: 0.001, events: 0, samples: 2_995 },
  { limit: 0.001, events: 1, samples: 4_742 },
  { limit: 0.05, events: 0, samples: 59 },
])('$limit with $events events takes $samples samples', ({ limit, events, samples }) => {
  expect(samplesNeeded(events, limit, 0.95)).toBe(samples);
});

it('nothing proves nothing', () => {
  const none = { events: 0, samples: 0 };
  expect(provesAtMost(none, 0.001, 0.95)).toBe(false);
  expect(provesAtMost(none, 1, 0.95)).toBe(false);
  expect(provesAbove(none, 0.001, 0.95)).toBe(false);
  expect(provesMore(none, none, 0.95)).toBe(false);
});
