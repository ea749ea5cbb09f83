/** What a person may ask of the learning holds for members, too: weights of classes, monotone columns. */
import { afterEach, expect, test } from "vitest";
import { type ShopsPlatform, shopsPlatform } from "./shops-platform.ts";

let shop: ShopsPlatform | undefined;
afterEach(() => shop?.close());

const trained = async (train: object) => {
  shop = await shopsPlatform({ train: { trainers: ["baseline", "linear", "gbdt"], ...train } });
  await shop.run("train", { reason: "a test" });
  return shop;
};
const chances = async (of: ShopsPlatform, rows: readonly object[]) => {
  const said = await of.ask(rows);
  return said.map(({ probability, answeredBy }) => ({
    p: probability!,
    by: answeredBy ?? "returns",
  }));
};

test("where classes have weights, members are of the same mix of classes as the model above them", async () => {
  const of = await trained({ classWeights: { yes: 8 } });
  // Between 4 and 5 days late, at the middle price, half of the orders are sent back, whatever the shop.
  const half = (name: string) =>
    [4, 5].map((days_late) => ({ shop: name, region: name[0], days_late, price: 50 }));
  const said = await chances(of, ["b1", "a2", "c1", "a4"].flatMap(half));
  expect(new Set(said.map(({ by }) => by)).size).toBeGreaterThan(2);
  const [members, weighted] = [4, 8 / 9];
  for (let i = 0; i < members; i++) {
    const middle = (said[2 * i]!.p + said[2 * i + 1]!.p) / 2;
    expect([said[2 * i]!.by, Math.abs(middle - weighted) < 0.12, middle]).toMatchObject([
      said[2 * i]!.by,
      true,
      middle,
    ]);
  }
  const { members: standing } = await of.look.members({ model: "returns", stands: true });
  expect(standing.some(({ candidate }) => candidate.startsWith("shrunk"))).toBe(true);
});

test("monotone columns stay so in every member; what could not keep them is not tried", async () => {
  const of = await trained({ monotone: { price: "increasing" } });
  const { members } = await of.look.members({ model: "returns" });
  const tried = new Set(members.flatMap((member) => Object.keys(member.tried)));
  expect([...tried].map((id) => id.split("-")[0])).toEqual(
    expect.arrayContaining(["linear", "gbdt"]),
  );
  expect([...tried].filter((id) => !/^(parent|linear|gbdt)/.test(id))).toEqual([]);
  const standing = members.filter(({ stands, level }) => stands && level === 0);
  expect(standing.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["returns.a2", "returns.c1"]),
  );
  const rows = ["a2", "c1"].flatMap((name) =>
    [0, 4, 9].flatMap((days_late) =>
      Array.from({ length: 40 }, (_, i) => {
        return { shop: name, region: name[0], days_late, price: 5 + 2.4 * i };
      }),
    ),
  );
  const said = await chances(of, rows);
  for (const [i, row] of rows.entries()) {
    expect(said[i]!.by).toBe(`returns.${row.shop}`);
    if (rows[i - 1]?.days_late === row.days_late && rows[i - 1]?.shop === row.shop)
      expect(said[i]!.p).toBeGreaterThanOrEqual(said[i - 1]!.p);
  }
});

test("what cannot be is refused in words", async () => {
  shop = await shopsPlatform({
    train: { trainers: ["baseline", "linear"], classWeights: { yes: 8 }, calibrate: true },
  });
  await expect(shop.run("train", { reason: "a test" })).rejects.toThrow(
    /models.returns.family: .*classWeights.*calibrate.*Leave one of the two out/,
  );
});
