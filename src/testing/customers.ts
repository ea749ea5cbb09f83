import { random } from "../lib/random.ts";

/** Customers who leave or stay, as CSV: columns customer, tenure, monthly, calls, leaves. As test/data/onnx/logged_churn.py draws them. */
export function customers(count: number, seed = "customers"): string {
  const chance = random(seed);
  const lines = Array.from({ length: count }, (_, i) => {
    const tenure = 60 * chance.next();
    const monthly = 10 + 100 * chance.next();
    const calls = chance.int(8);
    const score = 1 - 0.09 * tenure + 0.03 * monthly + 0.45 * calls - 1.5;
    const leaves = chance.next() < 1 / (1 + Math.exp(-score)) ? "yes" : "no";
    return [`c${i}`, tenure.toFixed(3), monthly.toFixed(3), calls, leaves].join(",");
  });
  return `${["customer,tenure,monthly,calls,leaves", ...lines].join("\n")}\n`;
}
