import { random } from "../lib/random.ts";

export interface ShopsOptions {
  /** Rows of each ordinary shop. */
  readonly rows: number;
  /** Shops whose late deliveries please: the other way round. */
  readonly odd: readonly string[];
  /** Day of the first row, and over how many days they come. */
  readonly from?: number;
  readonly days?: number;
  readonly seed?: string;
}

export const SHOPS = ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2"] as const;

/**
 * Orders of shops that are sent back or kept, as CSV: order, shop, region (the shop's letter), days_late, price, at, returned. Late
 * orders are sent back, cheap ones kept. The shop `tiny` has five rows.
 */
export function shops(options: ShopsOptions): string {
  const { rows, odd, from = 0, days = 100, seed = "shops" } = options;
  const chance = random(seed);
  const lines = [...SHOPS, "tiny"].flatMap((shop) =>
    Array.from({ length: shop === "tiny" ? 5 : rows }, (_, i) => {
      const late = chance.int(10);
      const price = 5 + 95 * chance.next();
      const sign = odd.includes(shop) ? -1 : 1;
      const score = sign * 1.2 * (late - 4.5) + 0.01 * (price - 50);
      const returned = chance.next() < 1 / (1 + Math.exp(-score)) ? "yes" : "no";
      const at = new Date(Date.UTC(2026, 0, 1) + (from + days * chance.next()) * 86_400_000);
      const order = `${seed}-${shop}-${i}`;
      return [order, shop, shop[0], late, price.toFixed(2), at.toISOString(), returned].join(",");
    }),
  );
  return `${["order,shop,region,days_late,price,at,returned", ...lines].join("\n")}\n`;
}
