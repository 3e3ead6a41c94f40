"""Reference values for test/domain/trend.test.ts, from SciPy's own Theil-Sen slope and Kendall's tau.

python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy==1.17.1
/tmp/scipy/bin/python test/domain/trend/make-reference.py > test/domain/trend/reference.json
"""
import json

import numpy
import scipy
from scipy.stats import kendalltau, theilslopes

random = numpy.random.default_rng(1945)
rows = []
for n in (3, 4, 5, 12, 13, 40):
    times = numpy.round(numpy.cumsum(random.uniform(2, 15, n)), 1)
    for slope in (-0.1, 0.0, 0.02, 1.0):
        # whole numbers have many ties, fine ones next to none
        for digits in (0, 2):
            values = numpy.round(100 + slope * times + random.normal(0, 1, n), digits)
            if len(set(values)) > 1:
                rows.append((times, values))

samples = []
for times, values in rows:
    tau = kendalltau(times, values, alternative='greater', method='asymptotic')
    samples.append({
        'samples': [[float(at), float(value)] for at, value in zip(times, values)],
        'slope': float(theilslopes(values, times).slope),
        'tau': float(tau.statistic), 'rising': float(tau.pvalue),
    })
print(json.dumps({'scipy': scipy.__version__, 'rows': samples}))
