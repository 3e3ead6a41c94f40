"""What repeated looks come to: the table in docs/gates.md, computed exactly after each of 12,000 requests.

/tmp/scipy/bin/python test/domain/evidence/look-again.py    (see make-reference.py)
"""
import numpy
from scipy.stats import binom

LIMIT, PASSES, CONDEMNS, REQUESTS, MOST = 0.001, 0.05, 0.001, 12_000, 120


def needed(events):
    low, high = events, 1
    while binom.cdf(events, high, LIMIT) > PASSES:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if binom.cdf(events, middle, LIMIT) > PASSES else (low, middle)
    return high


enough = numpy.array([needed(events) for events in range(MOST)])
for rate in (0.0002, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.05):
    open_, passed, failed, after, worst = numpy.eye(1, MOST)[0], 0.0, 0.0, 0.0, 1
    for samples in range(1, REQUESTS + 1):
        open_ = open_ * (1 - rate) + numpy.concatenate(([0], open_[:-1] * rate))
        while binom.sf(worst - 1, samples, LIMIT) > CONDEMNS:
            worst += 1
        failed += open_[worst:].sum()
        after += open_[worst:].sum() * samples
        open_[worst:] = 0
        passed += open_[enough <= samples].sum()
        open_[enough <= samples] = 0
        if open_.sum() < 1e-9:
            break
    print(f'{rate:.2%}: passes {passed:.2%}, is stopped {failed:.2%} after about {after / max(failed, 1e-12):,.0f}, holds {open_.sum():.2%}')
