import type { Histogram, PlannedGate, Requests } from '../../src/contracts/gate';
import { Gate } from '../../src/contracts/inputs/gate';
import { emptyHistogram, measured } from '../../src/domain/histogram';
import type { Seen } from '../../src/domain/judge';
import { judge } from '../../src/domain/judge';
import type { Usage } from '../../src/domain/usage';

const { enabled: _, ...defaults } = Gate.parse({});
const limits: PlannedGate = { ...defaults, latency: null, probePaths: ['/'], own: [] };

const requests = (answers: number, serverErrors = 0, failures = 0): Requests => ({
  answers,
  serverErrors,
  failures,
});
const none = requests(0);

/** @param slow how many of them took 100 ms, the others 20 ms */
function times(samples: number, slow = 0): Histogram {
  const histogram = emptyHistogram();
  for (let n = 0; n < samples; n += 1) measured(histogram, n < slow ? 100 : 20);
  return histogram;
}

const idle: Usage = {
  ...{ seconds: 30, unitCpu: 0.1, unitMemory: 0.1, hostCpu: 0.1, hostMemory: 0.1 },
  ...{ memory: [], memoryMaxMiB: 512 },
};

const usual = { p95Ms: 22, from: 'before the change' };

function seen(more: {
  changed?: Record<string, Requests>;
  others?: Requests;
  latency?: Seen['latency'];
  usual?: Seen['usual'];
  usage?: Seen['usage'];
  own?: Seen['own'];
  requests?: Seen['requests'];
  seconds?: number;
}): Seen {
  return {
    seconds: more.seconds ?? 60,
    requests: more.requests ?? {
      known: true,
      is: { changed: more.changed ?? { n1: requests(9_000) }, others: more.others ?? requests(50_000) },
    },
    latency: more.latency ?? { known: true, is: { changed: times(200), others: times(200) } },
    usual: more.usual ?? usual,
    own: more.own ?? {},
    usage: more.usage ?? { known: true, is: { changed: { n1: idle }, others: { n2: idle } } },
  };
}

const latency = (changed: Histogram, others: Histogram): Seen['latency'] => ({
  known: true,
  is: { changed, others },
});
const usage = (changed: Partial<Usage>, others: Partial<Usage> = {}): Seen['usage'] => ({
  known: true,
  is: { changed: { n1: { ...idle, ...changed } }, others: { n2: { ...idle, ...others } } },
});

const unknown = (why: string) => ({ known: false as const, why });

it.each<{ what: string; is: Seen; verdict: string; says: string }>([
  {
    what: 'enough of everything, all well',
    is: seen({}),
    verdict: 'pass',
    says: 'errors: 0 of 9,000 answers',
  },
  // --- evidence
  {
    what: 'too few requests',
    is: seen({ changed: { n1: requests(1_200) } }),
    verdict: 'hold',
    says: 'errors: 0 of 1,200 answers, 2,995 needed, about 90 s more at 20/s',
  },
  {
    what: 'no request at all',
    is: seen({ changed: { n1: none } }),
    verdict: 'hold',
    says: 'errors: no answers in 60 s, so nothing is proven',
  },
  {
    what: 'one of two hosts without a request',
    is: seen({ changed: { n1: requests(9_000), n2: none } }),
    verdict: 'hold',
    says: 'errors: no answers yet at n2',
  },
  {
    what: 'hosts that prove it together',
    is: seen({ changed: { n1: requests(1_500), n2: requests(1_495) } }),
    verdict: 'pass',
    says: 'errors: 0 of 2,995 answers',
  },
  {
    what: 'an error that asks for more evidence',
    is: seen({ changed: { n1: requests(3_000, 1) }, seconds: 10 }),
    verdict: 'hold',
    says: 'errors: 1 of 3,000 answers, 4,742 needed, about 6 s more at 300/s',
  },
  // --- errors
  {
    what: '5 % errors, and none on peers',
    is: seen({ changed: { n1: requests(100, 5) }, others: requests(500) }),
    verdict: 'fail',
    says: 'errors: 5 of 100 answers (5 %), more than 0.1 %; peers 0 of 500 answers',
  },
  {
    what: '5 % errors, and as many on peers',
    is: seen({ changed: { n1: requests(100, 5) }, others: requests(500, 25) }),
    verdict: 'hold',
    says: 'but the peers have as many: 25 of 500 answers',
  },
  {
    what: 'errors where too little is known of peers',
    is: seen({ changed: { n1: requests(40, 2) }, others: requests(4) }),
    verdict: 'hold',
    says: 'too little is known of the peers yet: 0 of 4 answers',
  },
  {
    what: 'errors when there are no peers left',
    is: seen({ changed: { n1: requests(100, 5) }, others: none }),
    verdict: 'fail',
    says: 'errors: 5 of 100 answers (5 %), more than 0.1 %',
  },
  {
    what: 'one bad host among ten good ones',
    is: seen({
      changed: {
        ...Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`g${n}`, requests(9_000)])),
        bad: requests(900, 9),
      },
    }),
    verdict: 'fail',
    says: 'errors: bad 9 of 900 answers (1 %)',
  },
  {
    what: 'a single error soon after the beginning',
    is: seen({ changed: { n1: requests(30, 1) } }),
    verdict: 'hold',
    says: 'errors: 1 of 30 answers',
  },
  // --- availability
  {
    what: 'requests without an answer',
    is: seen({ changed: { n1: requests(990, 0, 10) }, others: requests(5_000) }),
    verdict: 'fail',
    says: 'availability: 10 of 1,000 requests without an answer (1 %), more than 0.1 %',
  },
  {
    what: 'a host that answers nothing',
    is: seen({ changed: { n1: requests(0, 0, 50) } }),
    verdict: 'fail',
    says: 'availability: 50 of 50 requests without an answer (100 %)',
  },
  {
    what: 'own probes, where no balancer counts',
    is: seen({
      requests: {
        known: true,
        is: { changed: { n1: requests(2_000, 1) }, others: requests(4_000), byProbes: true },
      },
    }),
    verdict: 'hold',
    says: 'errors: 1 of 2,000 answers to own probes, 4,742 needed',
  },
  // --- response times
  {
    what: 'too few probes',
    is: seen({ latency: latency(times(58), times(200)) }),
    verdict: 'hold',
    says: 'P95: 20.2 ms, 0 of 58 probes slower than 32 ms, 59 needed',
  },
  {
    what: 'as many as are needed',
    is: seen({ latency: latency(times(59), times(200)) }),
    verdict: 'pass',
    says: 'P95: 20.2 ms, 0 of 59',
  },
  {
    what: 'every third answer slow',
    is: seen({ latency: latency(times(90, 30), times(300, 3)) }),
    verdict: 'fail',
    says: 'P95: 100 ms, 30 of 90 probes slower than 32 ms (33 %), more than 5 %',
  },
  {
    what: 'as slow as its peers: a shared dependency',
    is: seen({ latency: latency(times(200, 190), times(200, 188)) }),
    verdict: 'hold',
    says: 'but the peers have as many',
  },
  {
    what: 'no usual time',
    is: seen({ usual: { p95Ms: null, from: 'only 3 of 59 probes were answered' } }),
    verdict: 'hold',
    says: 'P95: what is usual is not known: only 3 of 59 probes were answered',
  },
  // --- what cannot be measured
  {
    what: 'a balancer that gives no answer',
    is: seen({ requests: unknown('HAProxy at lb1 gives no answer') }),
    verdict: 'hold',
    says: 'availability: HAProxy at lb1 gives no answer',
  },
  {
    what: 'a metrics server that gives no answer',
    is: seen({ latency: unknown('Prometheus refuses connections') }),
    verdict: 'hold',
    says: 'P95: Prometheus refuses connections',
  },
  {
    what: 'use that cannot be read',
    is: seen({ usage: unknown('n1 is gone') }),
    verdict: 'hold',
    says: 'CPU and memory: n1 is gone',
  },
  // --- use
  {
    what: 'a unit that takes all it may',
    is: seen({ usage: usage({ unitCpu: 0.97 }) }),
    verdict: 'fail',
    says: 'CPU of the unit: 97 % at n1, above 80 %',
  },
  {
    what: 'the same on an old host',
    is: seen({ usage: usage({ unitCpu: 0.97 }, { unitCpu: 0.9 }) }),
    verdict: 'hold',
    says: 'but so is n2 with the old version (90 %)',
  },
  {
    what: 'a busy start',
    is: seen({ usage: usage({ unitCpu: 0.97, seconds: 4 }) }),
    verdict: 'hold',
    says: 'watched for 4 of 10 s',
  },
  {
    what: 'memory near its limit',
    is: seen({ usage: usage({ unitMemory: 0.81 }) }),
    verdict: 'fail',
    says: 'memory of the unit: 81 % at n1, above 80 %',
  },
  {
    what: 'use of exactly the limit',
    is: seen({ usage: usage({ hostCpu: 0.8, hostMemory: 0.8 }) }),
    verdict: 'pass',
    says: '',
  },
  // --- together
  {
    what: 'a failure beside something unknown',
    is: seen({ changed: { n1: requests(100, 5) }, usage: unknown('n1 is gone') }),
    verdict: 'fail',
    says: 'errors: 5 of 100',
  },
])('$what: $verdict', ({ is, verdict, says }) => {
  const judged = judge(is, limits);
  expect(judged).toMatchObject({ verdict });
  expect(judged.text).toContain(says);
});

it('limits of the plan decide', () => {
  const is = seen({ changed: { n1: requests(200, 1) } });
  expect(judge(is, limits).verdict).toBe('hold');
  expect(judge(is, { ...limits, errorRatePercent: 5, availabilityPercent: 98 }).verdict).toBe('pass');
});

it.each(['availabilityPercent', 'errorRatePercent'] as const)(
  '%s that allows all still wants a request',
  (name) => {
    const all = { ...limits, [name]: name === 'errorRatePercent' ? 100 : 0 };
    const is = seen({ changed: { n1: none } });
    expect(judge(is, all).verdict).toBe('hold');
  },
);
