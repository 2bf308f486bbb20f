load helper

# The reference: scipy and numpy, which share no code with ours.

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# compare PROGRAM OPTION, a Python program on stdin: ask(lines) gives the rows of numbers that our unit test program prints for
# those lines, near(name, got, want, error) complains. It must make at least as many checks as it says in `least`.
compare() {
  /usr/bin/python3 -c 'import scipy, numpy' 2>/dev/null || skip "python3-scipy is not installed"
  {
    cat <<'END'
import itertools, subprocess, sys
from functools import lru_cache
import numpy as np
from scipy import stats

rng = np.random.default_rng(1)
checks = bad = 0

def ask(lines):
    out = subprocess.run(sys.argv[1:], input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, timeout=100, check=True)
    rows = [[float(x) for x in line.split()] for line in out.stdout.splitlines()]
    assert len(rows) == len(lines), "%d answers to %d questions" % (len(rows), len(lines))
    return rows

def words(*parts):
    return " ".join("%.17g" % x for part in parts for x in np.atleast_1d(part))

def near(name, got, want, error):
    global checks, bad
    checks += 1
    if not (got == want or abs(got - want) <= error * max(1, abs(want))):
        bad += 1
        if bad <= 10:
            print("%s is %r, want %r" % (name, got, want))

END
    cat
    echo 'print("%d checks, %d bad" % (checks, bad))'
    echo 'sys.exit(bad > 0 or checks < least)'
  } >compare.py
  timeout 120 /usr/bin/python3 compare.py "$BUILD/unit/$1" "$2"
}

@test "scipy agrees: U and its p, exact, with ties, and by the normal approximation" {
  compare shift --between <<'END'
def exact_with_ties(a, b):
    ranks = stats.rankdata(np.concatenate([a, b]))
    sums = np.array([sum(c) for c in itertools.combinations(ranks, len(a))])
    mine = sum(ranks[:len(a)])
    return mine - len(a) * (len(a) + 1) / 2, min(1, 2 * min((sums <= mine).mean(), (sums >= mine).mean()))

cases = []
for low, high, ties in [(1, 12, False), (1, 50, False), (1, 8, True), (51, 300, False), (51, 300, True), (26, 60, True)]:
    for k in range(40):
        na, nb = rng.integers(low, high + 1, 2)
        a, b = rng.lognormal(3, 0.3, na), rng.lognormal(3.1, 0.3, nb)
        cases.append((np.round(a), np.round(b)) if ties else (a, b))
for (a, b), row in zip(cases, ask([words(0.95, len(a), len(b), a, b) for a, b in cases])):
    tied = len(np.unique(np.concatenate([a, b]))) < len(a) + len(b)
    exact = max(len(a), len(b)) <= (25 if tied else 50)
    if tied and exact:
        u, p = exact_with_ties(a, b)
    else:
        u, p = stats.mannwhitneyu(a, b, method="exact" if exact else "asymptotic")
    near("U", row[0], u, 0)
    near("p of %d and %d, ties: %s" % (len(a), len(b), tied), row[1], p, 1e-9)
least = 480
END
}

@test "numpy agrees: the Hodges-Lehmann estimate and its interval" {
  compare shift --between <<'END'
@lru_cache(None)
def ways(m, n):  # how many orders have U = 0, 1, ...: the largest value is one of the n, above all m, or one of the m
    if m == 0 or n == 0:
        return np.ones(1)
    out = np.zeros(m * n + 1)
    out[m:] += ways(m, n - 1)
    out[:(m - 1) * n + 1] += ways(m - 1, n)
    return out

def critical(m, n, tail):
    if m * n > 2500:
        return int(np.floor(m * n / 2 - 0.5 - stats.norm.isf(tail) * (m * n * (m + n + 1) / 12) ** 0.5)), None
    below = np.cumsum(ways(m, n)) / ways(m, n).sum()
    u = int((below <= tail * (1 + 1e-9)).sum()) - 1
    return u, 1 - 2 * below[u] if u >= 0 else 0

cases = []
for k in range(400):
    na, nb = rng.integers(1, 400 if k % 10 == 0 else 40, 2)
    middle = (0, 50, -50, 1e9)[k % 4]
    a, b = rng.normal(middle, 3 if middle else 30, na), rng.normal(middle * 1.04, 3 if middle else 30, nb)
    if k % 3 == 0:
        a, b = np.round(a), np.round(b)
    cases.append((a, b, (0.8, 0.9, 0.95, 0.95, 0.99)[k % 5]))
for (a, b, level), row in zip(cases, ask([words(level, len(a), len(b), a, b) for a, b, level in cases])):
    ratio = min(a.min(), b.min()) > 0 or max(a.max(), b.max()) < 0
    d = np.sort(((b[None, :] - a[:, None]) / (abs(a[:, None]) if ratio else 1)).ravel())
    u, reached = critical(len(a), len(b), (1 - level) / 2)
    near("ratio", row[6], ratio, 0)
    near("estimate", row[2], np.median(d), 1e-12)
    near("lo", row[3], d[u] if u >= 0 else -np.inf, 1e-12)
    near("hi", row[4], d[len(d) - 1 - u] if u >= 0 else np.inf, 1e-12)
    if reached is not None:
        near("level", row[5], reached, 1e-9)
least = 1800
END
}

@test "scipy agrees: the permutation test, all assignments and some" {
  compare shift --between <<'END'
def apart(x, y, axis):
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)

def reined(a, b):  # logarithms; far from the median of all they count hardly more than at 1.5 robust standard deviations
    v = np.log(np.concatenate([a, b]))
    away = v - np.median(v)
    reach = 1.5 * 1.4826 * np.median(np.abs(away))
    far = np.sign(away) * reach * (1 + np.log(np.abs(away) / reach) / 10)
    v = np.where(np.abs(away) > reach, far, away)
    return v[:len(a)], v[len(a):]

cases = []
for k in range(60):
    na, nb = rng.integers(2, 8, 2) if k % 2 else rng.integers(11, 30, 2)
    cases.append((rng.lognormal(3, 0.5, na), rng.lognormal(3.2, 0.5, nb)))
for (a, b), row in zip(cases, ask([words(0.95, len(a), len(b), a, b) for a, b in cases])):
    if row[8]:
        naive = [sum(c) for c in itertools.combinations(np.concatenate(reined(a, b)), len(a))]
        middle = np.mean(naive)
        near("p of all", row[7], np.mean(np.abs(naive - middle) >= abs(naive[0] - middle) - 1e-9), 1e-12)
        continue
    want = stats.permutation_test(reined(a, b), apart, vectorized=True, n_resamples=9999, random_state=1).pvalue
    # Of ours 1000 hits or 199 999 tries, of theirs 9 999 tries.
    error = 4 * ((want * (1 - want) / 9999) + (row[7] ** 2 / 1000)) ** 0.5 + 2e-4
    near("p of some", row[7], want, error)
least = 60
END
}

@test "scipy agrees: Holm's correction" {
  compare shift --holm <<'END'
def holm(p):  # by its definition: the least level of the family at which each is rejected
    order = sorted(range(len(p)), key=lambda i: p[i])
    out = [0] * len(p)
    for place, i in enumerate(order):
        out[i] = max(min(1, (len(p) - earlier) * p[order[earlier]]) for earlier in range(place + 1))
    return out

families = [rng.beta(0.3, 1, n) for n in list(range(1, 40)) + [1000]] + [np.round(rng.uniform(0, 0.2, 20), 2) for _ in range(10)]
for p, row in zip(families, ask([words(len(p), p) for p in families])):
    near("size", len(row), len(p), 0)
    for got, want in zip(row, holm(p)):
        near("adjusted p", got, want, 1e-14)
least = 1900
END
}

@test "scipy agrees: quantiles of chi-square and normal" {
  compare shift --upper <<'END'
cases = [(p, dof) for p in (1e-12, 1e-6, 0.001, 0.01, 0.05, 0.1, 0.5, 0.9, 0.999) for dof in list(range(0, 30)) + [101, 500]]
for (p, dof), row in zip(cases, ask(["%.17g %d" % c for c in cases])):
    near("quantile %g, %d" % (p, dof), row[0], stats.chi2.isf(p, dof) if dof else stats.norm.isf(p), 1e-10)
least = 280
END
}

@test "scipy agrees: KS, its bound, Wasserstein and PSI, where each value has its bucket" {
  compare drift --compare <<'END'
def psi(a, b):  # a bin ends with the value that completes a tenth of a
    edges = sorted({int(np.sort(a)[-(-len(a) * k // 10) - 1]) for k in range(1, 10)} - {int(a.max())})
    shares = [(np.bincount(np.searchsorted(edges, v, side="left"), minlength=len(edges) + 1) + 0.5) / (len(v) + 0.5 * (len(edges) + 1))
              for v in (a, b)]
    return len(edges) + 1, ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()

cases = []
for k in range(200):
    na, nb = rng.integers(1, 300 if k % 4 else 2000, 2)
    spread = (2000, 300, 12)[k % 3]
    cases.append((rng.integers(0, spread, na), np.minimum(2047, rng.integers(0, spread, nb) * (1 + k % 5 // 4))))
for (a, b), row in zip(cases, ask([words(0.05, 3, len(a), len(b), a, b) for a, b in cases])):
    bins, want = psi(a, b)
    near("bins", row[2], bins, 0)
    if bins > 1:
        near("psi", row[0], want, 1e-12)
        near("psi bound", row[1], stats.chi2.isf(0.05, bins - 1) * (1 / len(a) + 1 / len(b)), 1e-10)
    near("KS", row[4], stats.ks_2samp(a, b, mode="asymp").statistic, 1e-12)
    both = len(a) * len(b) / (len(a) + len(b))
    if both > 20:
        near("KS bound", row[5], stats.kstwo.isf(0.05, round(both)), 0.02)
    near("Wasserstein", row[6], stats.wasserstein_distance(a, b), 1e-9)
least = 1000
END
}

@test "scipy agrees: KS and Wasserstein of large values, within the width of a bucket" {
  compare drift --compare <<'END'
cases = [(digits, rng.lognormal(12, 0.5, 1000).astype(int), rng.lognormal(12 + k / 100, 0.5, 700).astype(int))
         for digits in (1, 2, 3) for k in range(20)]
for (digits, a, b), row in zip(cases, ask([words(0.05, digits, len(a), len(b), a, b) for digits, a, b in cases])):
    near("KS with %d digits" % digits, row[4], stats.ks_2samp(a, b, mode="asymp").statistic, 2 * 10 ** -digits)
    want = stats.wasserstein_distance(a, b)
    near("Wasserstein with %d digits" % digits, row[6] / a.mean(), want / a.mean(), 10 ** -digits)
least = 120
END
}

@test "the power benchmark runs and prints valid records, on few comparisons" {
  COUNT=20 timeout 60 "$TOP/tests/bench/power" >power.ndjson
  check_records power.ndjson
  [ "$(jq -s 'map(select(.metric == "false_positive" or .metric == "power")) | length' power.ndjson)" -eq 4 ]
}
