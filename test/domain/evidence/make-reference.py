"""Reference values for test/domain/evidence.test.ts, from SciPy's own Clopper-Pearson bounds.

python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy==1.17.1
/tmp/scipy/bin/python test/domain/evidence/make-reference.py > test/domain/evidence/reference.json
"""
import json

import scipy
from scipy.stats import binom, beta, binomtest

CONFIDENCE = 0.95
rows = []
for samples in (1, 2, 10, 58, 59, 60, 149, 298, 299, 1000, 2994, 2995, 2996, 4741, 4742, 10_000, 1_000_000, 600_000_000):
    for limit in (0.001, 0.005, 0.01, 0.05, 0.2):
        mean = samples * limit
        for events in sorted({0, 1, 2, 5, int(mean * 0.8), int(mean), int(mean + 2 * mean**0.5), int(mean + 4 * mean**0.5) + 1}):
            if events > samples:
                continue
            lower = binomtest(events, samples).proportion_ci(2 * CONFIDENCE - 1, 'exact').low if samples < 10**7 else (
                beta.ppf(1 - CONFIDENCE, events, samples - events + 1) if events else 0.0)
            upper = beta.ppf(CONFIDENCE, events + 1, samples - events) if events < samples else 1.0
            rows.append({
                'events': events, 'samples': samples, 'limit': limit,
                'atMost': bool(upper <= limit), 'above': bool(lower > limit),
            })

needed = []
for limit in (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.2):
    for events in (0, 1, 2, 3, 10, 100, 1000):
        low, high = events, 1
        while binom.cdf(events, high, limit) > 1 - CONFIDENCE:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            if binom.cdf(events, middle, limit) > 1 - CONFIDENCE:
                low = middle
            else:
                high = middle
        needed.append({'events': events, 'limit': limit, 'samples': high})

more = []
for here in ((1, 50), (2, 40), (5, 100), (20, 1000), (50, 1000)):
    for there in ((0, 10), (0, 200), (1, 200), (5, 500), (50, 1000), (30, 1000)):
        p = binom.sf(here[0] - 1, here[0] + there[0], here[1] / (here[1] + there[1]))
        more.append({'here': here, 'there': there, 'more': bool(p <= 1 - CONFIDENCE)})

print(json.dumps({'scipy': scipy.__version__, 'confidence': CONFIDENCE, 'claims': rows, 'needed': needed, 'more': more}))
