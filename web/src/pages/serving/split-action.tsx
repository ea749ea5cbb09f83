import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { RouteView } from "@millwright/sdk/contract/routing";
import { useState } from "react";
import type { api } from "../../api.ts";
import { Action } from "../../ui/action.tsx";
import { Field } from "../../ui/field.tsx";

type SplitWish = NonNullable<Parameters<typeof api.changeRoute>[0]["split"]>;
type Kind = SplitWish["kind"];

const MOST_ARMS = 6;

const KINDS: readonly { readonly kind: Kind; readonly name: string; readonly does: string }[] = [
  {
    kind: "canary",
    name: "Canary",
    does: "One version answers a small part. Guards watch errors, latency, abstention, quality and outputs, and end it when one objects.",
  },
  {
    kind: "weights",
    name: "A/B",
    does: "Versions answer in fixed shares. Nothing is decided by itself.",
  },
  {
    kind: "bandit",
    name: "Bandit",
    does: "The version that is more often right gets more. Needs feedback; nobody is promoted by itself.",
  },
];

/** Divides requests among versions. A caller with a key meets the same version while the shares last. */
export function SplitAction({
  model,
  route,
  change,
}: {
  model: ModelDetail;
  route: RouteView;
  change: (split: SplitWish, reason: string | undefined) => Promise<void>;
}) {
  const others = model.history
    .filter((version) => version.number !== route.champion)
    .slice(0, MOST_ARMS);
  const first = String(model.challenger?.number ?? others[0]?.number ?? "");
  const [kind, setKind] = useState<Kind>("canary");
  const [version, setVersion] = useState(first);
  const [percents, setPercents] = useState("5");
  const [weights, setWeights] = useState<Readonly<Record<string, string>>>({
    [String(route.champion)]: "50",
    [first]: "50",
  });
  if (route.champion === null || others.length === 0) return null;
  const arms = [route.champion, ...others.map((other) => other.number)]
    .map((number) => ({ version: String(number), weight: Number(weights[number] ?? "") }))
    .filter(({ weight }) => weight > 0);
  const { split, option } = wishOf(kind, { version, percents, arms });
  return (
    <Action
      label={route.split === null ? "Divide requests" : "Divide otherwise"}
      title={`Divide the requests of ${model.name}?`}
      askReason
      command={`millwright route ${model.name} ${option}`}
      act={(reason) => change(split, reason)}
    >
      <Field label="How">
        <select value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
          {KINDS.map(({ kind: value, name }) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <p>{KINDS.find((k) => k.kind === kind)?.does}</p>
      {kind === "canary" ? (
        <div className="side-by-side">
          <Field label="Version">
            <select value={version} onChange={(event) => setVersion(event.target.value)}>
              {others.map((other) => (
                <option key={other.id} value={other.number}>
                  version {other.number}, {other.trainer}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Percent" hint="a list such as 1, 5, 25, 100 climbs by itself">
            <input
              required
              value={percents}
              onChange={(event) => setPercents(event.target.value)}
            />
          </Field>
        </div>
      ) : (
        <div className="side-by-side">
          {[route.champion, ...others.map((other) => other.number)].map((number) => (
            <Field
              key={number}
              label={`Version ${number}${number === route.champion ? ", champion" : ""}`}
            >
              {kind === "weights" ? (
                <input
                  type="number"
                  min="0"
                  step="any"
                  placeholder="no part"
                  value={weights[number] ?? ""}
                  onChange={(event) => setWeights({ ...weights, [number]: event.target.value })}
                />
              ) : (
                <select
                  value={Number(weights[number] ?? "") > 0 ? "1" : ""}
                  onChange={(event) => setWeights({ ...weights, [number]: event.target.value })}
                >
                  <option value="1">takes part</option>
                  <option value="">does not</option>
                </select>
              )}
            </Field>
          ))}
        </div>
      )}
    </Action>
  );
}

function wishOf(
  kind: Kind,
  of: {
    readonly version: string;
    readonly percents: string;
    readonly arms: readonly { readonly version: string; readonly weight: number }[];
  },
): { split: SplitWish; option: string } {
  if (kind === "canary") {
    const [percent = Number.NaN, ...steps] = of.percents
      .split(/[\s,%]+/)
      .filter(Boolean)
      .map(Number);
    const list = [percent, ...steps].join(",");
    return {
      split: { kind, version: of.version, percent, ...(steps.length > 0 ? { steps } : {}) },
      option: `--canary ${list} --version ${of.version}`,
    };
  }
  if (kind === "weights")
    return {
      split: { kind, arms: [...of.arms] },
      option: `--ab ${of.arms.map((arm) => `${arm.version}=${arm.weight}`).join(",")}`,
    };
  return {
    split: { kind, arms: of.arms.map(({ version }) => ({ version })) },
    option: `--bandit ${of.arms.map(({ version }) => version).join(",")}`,
  };
}
