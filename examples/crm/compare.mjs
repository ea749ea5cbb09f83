// What the family is worth on bookings that came after everything it has seen (data/later.csv.gz): against the one model that
// everybody shares, and against a model of its own for every member. Needs both models trained and `millwright up`:
//   node compare.mjs [http://127.0.0.1:7401]
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const gateway = process.argv[2] ?? "http://127.0.0.1:7401";
const text = gunzipSync(readFileSync(new URL("data/later.csv.gz", import.meta.url))).toString();
const [head, ...lines] = text.trim().split("\n");
const names = head.split(",");
const NUMBERS = new Set(["lead_time", "stays_in_weekend_nights", "stays_in_week_nights", "adults"])
  .add("children").add("babies").add("is_repeated_guest").add("previous_cancellations")
  .add("previous_bookings_not_canceled").add("adr").add("total_of_special_requests");
const bookings = lines.map((line) => {
  const cells = line.split(",").map((cell, i) => [names[i], cell === "" ? null : cell]);
  const { is_canceled, ...row } = Object.fromEntries(cells);
  for (const name of NUMBERS) if (row[name] !== null) row[name] = Number(row[name]);
  return { row, canceled: is_canceled === "1", day: row.arrival };
});

async function ask(model, version) {
  const answers = [];
  for (let from = 0; from < bookings.length; from += 2000) {
    const rows = bookings.slice(from, from + 2000).map(({ row }) => row);
    const response = await fetch(`${gateway}/models/${model}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rows, version }),
    });
    const body = await response.json();
    if (!response.ok) throw new Error(`${model}: ${body.detail}`);
    answers.push(...body.predictions);
  }
  return answers;
}

const lossOf = ({ probability }, { canceled }) =>
  -Math.log(Math.min(1 - 1e-4, Math.max(1e-4, canceled ? probability : 1 - probability)));
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

function auc(answers) {
  const order = answers.map((a, i) => [a.probability, bookings[i].canceled]).sort((a, b) => a[0] - b[0]);
  let [ranks, positives, at] = [0, 0, 0];
  while (at < order.length) {
    let end = at;
    while (end < order.length && order[end][0] === order[at][0]) end++;
    for (let i = at; i < end; i++) if (order[i][1]) { ranks += (at + end + 1) / 2; positives++; }
    at = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}

/** Mean difference with its 95 % interval: bootstrap of whole days (2,000 times), for bookings of a day are alike. */
function difference(a, b) {
  const days = new Map();
  bookings.forEach(({ day }, i) => {
    const sums = days.get(day) ?? [0, 0];
    days.set(day, [sums[0] + b[i] - a[i], sums[1] + 1]);
  });
  const all = [...days.values()];
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const drawn = Array.from({ length: 2000 }, () => {
    let [sum, n] = [0, 0];
    for (let i = 0; i < all.length; i++) {
      const day = all[Math.floor(next() * all.length)];
      sum += day[0];
      n += day[1];
    }
    return sum / n;
  }).sort((x, y) => x - y);
  return [mean(b) - mean(a), drawn[50], drawn[1949]];
}

const answers = {
  "one model for everybody": await ask("cancels", "champion"),
  "always a model of its own": await ask("always_own"),
  family: await ask("cancels"),
};
const losses = Object.fromEntries(
  Object.entries(answers).map(([name, said]) => [name, said.map((a, i) => lossOf(a, bookings[i]))]),
);
console.log(`${bookings.length.toLocaleString("en-US")} bookings from ${bookings[0].day} to ${bookings.at(-1).day}\n`);
for (const [name, said] of Object.entries(answers))
  console.log(`${name.padEnd(28)} log loss ${mean(losses[name]).toFixed(4)}   AUC ${auc(said).toFixed(4)}`);
console.log("");
for (const other of ["one model for everybody", "always a model of its own"]) {
  const [by, low, high] = difference(losses[other], losses.family).map((d) => d.toFixed(4));
  console.log(`the family against ${other}: ${by} (95 %: ${low} to ${high})`);
}
const levels = Map.groupBy?.(answers.family.map((a, i) => [a, i]), ([a]) => a.level) ?? new Map();
console.log("");
for (const [level, rows] of [...levels].sort(([a], [b]) => a - b)) {
  const places = rows.map(([, i]) => i);
  const own = mean(places.map((i) => losses.family[i]));
  const shared = mean(places.map((i) => losses["one model for everybody"][i]));
  console.log(`answered on level ${level}: ${places.length} bookings, log loss ${own.toFixed(4)} (everybody's model: ${shared.toFixed(4)})`);
}
