"""Reference values for test/domain/rank-test.test.ts, from SciPy's own Mann-Whitney test.

python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy==1.17.1
/tmp/scipy/bin/python test/domain/rank-test/make-reference.py > test/domain/rank-test/reference.json
"""
import json
from collections import Counter

import numpy
import scipy
from scipy.stats import mannwhitneyu, norm

random = numpy.random.default_rng(1947)
pairs = []
for n, m in ((1, 1), (1, 30), (20, 20), (59, 59), (60, 400), (400, 60), (2_000, 3_000)):
    for factor in (0.5, 1.0, 1.1, 3.0):
        # coarse values have many ties, fine ones next to none
        for digits in (0, 1, 3) if n + m < 100 else (0, 1):
            here = numpy.round(random.lognormal(1, 0.5, n) * factor, digits)
            there = numpy.round(random.lognormal(1, 0.5, m), digits)
            pairs.append((here, there))
pairs.append((numpy.full(50, 1.0), numpy.full(50, 2.0)))
pairs.append((numpy.append(numpy.full(99, 1.0), 1e9), numpy.full(100, 1.0)))

rows = []
for here, there in pairs:
    if len(set(here) | set(there)) == 1:
        continue
    larger, smaller = (mannwhitneyu(here, there, alternative=way, method='asymptotic') for way in ('greater', 'less'))
    counted = lambda values: sorted([float(value), count] for value, count in Counter(values.tolist()).items())
    rows.append({
        'here': counted(here), 'there': counted(there),
        'effect': float(larger.statistic / (len(here) * len(there))),
        'larger': float(larger.pvalue), 'smaller': float(smaller.pvalue),
    })

tails = [{'z': z, 'p': float(norm.sf(z))} for z in (-9, -3, -1, 0, 0.001, 0.5, 1, 1.96, 2.999, 3, 3.001, 5, 10, 30)]
print(json.dumps({'scipy': scipy.__version__, 'pairs': rows, 'tails': tails}))
