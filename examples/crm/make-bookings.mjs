// Makes data/bookings.csv.gz (arrivals until April 2017) and data/later.csv.gz (from May on) from the published file: the arrival
// as one date, in order of it, without the columns that are known only afterwards: node make-bookings.mjs hotel_bookings.csv.gz
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";

const AFTERWARDS = ["reservation_status", "reservation_status_date", "assigned_room_type"].concat(
  ["booking_changes", "required_car_parking_spaces", "days_in_waiting_list"],
);
const ARRIVAL = ["arrival_date_year", "arrival_date_month", "arrival_date_day_of_month"];
const DATES = [...ARRIVAL, "arrival_date_week_number"];

const [head, ...lines] = gunzipSync(readFileSync(process.argv[2])).toString("utf8").trim().split("\n");
const names = head.split(",");
const kept = names.filter((name) => !AFTERWARDS.includes(name) && !DATES.includes(name));
const place = Object.fromEntries(names.map((name, i) => [name, i]));
const rows = lines.map((line) => {
  const cells = line.split(",");
  const [year, month, day] = ARRIVAL.map((name) => cells[place[name]]);
  const arrival = new Date(`${month} ${day}, ${year} UTC`).toISOString().slice(0, 10);
  const whole = (text) => text.replace(/^(\d+)\.0$/, "$1");
  return [arrival, ...kept.map((name) => whole(cells[place[name]]))].join(",");
});
rows.sort((a, b) => (a.slice(0, 10) < b.slice(0, 10) ? -1 : a.slice(0, 10) > b.slice(0, 10) ? 1 : 0));
const write = (file, part) => {
  const text = `${[["arrival", ...kept].join(","), ...part].join("\n")}\n`;
  writeFileSync(new URL(`data/${file}`, import.meta.url), gzipSync(text, { level: 9 }));
};
write("bookings.csv.gz", rows.filter((row) => row < "2017-05"));
write("later.csv.gz", rows.filter((row) => row >= "2017-05"));
