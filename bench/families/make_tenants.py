"""Tenants made of real rows: python make_tenants.py <bookings.csv.gz> <out.parquet> [tenants] [--drift SHARE] [--from DAY --to DAY]

Each tenant draws rows (with replacement) from the bookings of one country and market segment; the number is log-normal, median 250.
A row drawn is changed a little (lead time, price, nights), or a model would meet the very rows of its training again.
Labels are the real ones, changed so that tenants differ as customers do:
  - every tenant has its own level: a small share of its labels is flipped one way (normal, deviation 6 %);
  - 30 % of them have a rule of their own: bookings made long ahead behave the other way round (70 % of those labels flipped).
Days run from 0 to 99. `--drift SHARE`: from day 100 on, that share of the tenants changes: 45 % of their labels are flipped; the
days asked for by --from and --to are written. Same seed, same tenants. The columns `different` and `drifted` say what was done;
no model sees them.
"""
import argparse
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ap = argparse.ArgumentParser()
ap.add_argument("bookings")
ap.add_argument("out")
ap.add_argument("tenants", type=int, nargs="?", default=10_000)
ap.add_argument("--drift", type=float, default=0.0)
ap.add_argument("--from", dest="first", type=int, default=0)
ap.add_argument("--to", dest="last", type=int, default=99)
args = ap.parse_args()

FEATURES = ["hotel", "lead_time", "stays_in_week_nights", "adults", "meal", "distribution_channel",
            "previous_cancellations", "deposit_type", "customer_type", "adr", "total_of_special_requests"]
rows = pd.read_csv(args.bookings, low_memory=False)
rows = rows[rows.country.notna()].reset_index(drop=True)
groups = rows.groupby(["country", "market_segment"]).indices
names = [key for key, places in groups.items() if len(places) >= 100]
sizes = np.array([len(groups[key]) for key in names], dtype=float)
lead = rows.lead_time.to_numpy()
truth = rows.is_canceled.to_numpy()

rng = np.random.default_rng(20261129)
kind = rng.choice(len(names), args.tenants, p=np.sqrt(sizes) / np.sqrt(sizes).sum())
count = np.clip(np.exp(rng.normal(np.log(250), 0.8, args.tenants)), 20, 3000).astype(int)
different = rng.random(args.tenants) < 0.3
level = rng.normal(0, 0.06, args.tenants)
drifted = rng.random(args.tenants) < args.drift

places, tenant, day, label = [], [], [], []
span = (args.last - args.first + 1) / 100
for t in range(args.tenants):
    own = np.random.default_rng([20261129, t, args.first])
    n = max(1, int(count[t] * span))
    at = own.choice(groups[names[kind[t]]], n)
    d = own.integers(args.first, args.last + 1, n)
    y = truth[at].copy()
    ahead = lead[at] > 60
    if different[t]:
        y = np.where(ahead & (own.random(n) < 0.7), 1 - y, y)
    towards = 1 if level[t] > 0 else 0
    y = np.where(own.random(n) < abs(level[t]), towards, y)
    if drifted[t]:
        y = np.where((d >= 100) & (own.random(n) < 0.45), 1 - y, y)
    places.append(at); tenant.append(np.full(n, t)); day.append(d); label.append(y)
places, tenant, day, label = map(np.concatenate, (places, tenant, day, label))
order = np.argsort(day, kind="stable")
frame = rows.loc[places[order], FEATURES + ["country", "market_segment"]].reset_index(drop=True)
noise = np.random.default_rng(2)
frame["lead_time"] = np.round(frame.lead_time * np.exp(noise.normal(0, 0.25, len(frame)))).astype("int64")
frame["adr"] = np.round(frame.adr * np.exp(noise.normal(0, 0.15, len(frame))), 2)
frame["stays_in_week_nights"] = np.maximum(0, frame.stays_in_week_nights + noise.choice([-1, 0, 0, 1], len(frame)))
frame["tenant"] = [f"t{t:05d}" for t in tenant[order]]
moment = day[order].astype("int64") * 86_400 + np.random.default_rng(1).integers(0, 86_400, len(order))
frame["at"] = pd.to_datetime(moment + 1_750_000_000, unit="s", utc=True).tz_localize(None)
frame["canceled"] = np.where(label[order] == 1, "yes", "no")
frame["different"] = different[tenant[order]]
frame["drifted"] = drifted[tenant[order]]
pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), args.out, row_group_size=100_000)
print(f"{len(frame):,} rows of {args.tenants:,} tenants; {different.sum():,} different, {drifted.sum():,} drifted; {frame.canceled.eq('yes').mean():.3f} canceled")
