import { openState } from "../../src/storage/state/all.ts";

/** Counts in a shared folder until it is told to end or killed, and prints how often so far after every ten. */
const [folder = "", name = ""] = process.argv.slice(2);
const state = openState(`file:${folder}`, { base: "/", now: Date.now });
let going = true;
process.on("SIGTERM", () => {
  going = false;
});
for (let count = 0; going; count += 10) {
  await Promise.all(Array.from({ length: 10 }, () => state.add("all", 1)));
  await state.put(`last/${name}`, Buffer.from(String(count + 10)));
  process.stdout.write(`${count + 10}\n`);
}
await state.close();
