import type { ModelDetail } from "@millwright/sdk/contract/models";
import { type ReactNode, useEffect, useRef } from "react";
import { api } from "../../api.ts";
import { type Live, useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { count, plural } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { healthOf } from "../overview/health.ts";
import { Prediction } from "../predictions/prediction.tsx";
import { Predictions } from "../predictions/predictions.tsx";
import { TryIt } from "../predictions/try-it.tsx";
import { Serving } from "../serving/serving.tsx";
import { Evaluation } from "./evaluation.tsx";
import { History } from "./history.tsx";
import { Leaderboard } from "./leaderboard.tsx";
import { ModelActions } from "./model-actions.tsx";
import { Now } from "./now.tsx";
import { Versions } from "./versions.tsx";

const TABS: readonly {
  readonly tab: string;
  readonly label: string;
  readonly part: (model: ModelDetail, refresh: () => void, item: string) => ReactNode;
}[] = [
  { tab: "", label: "Now", part: (model) => <Now model={model} /> },
  {
    tab: "serving",
    label: "Serving",
    part: (model, refresh) => <Serving model={model} refresh={refresh} />,
  },
  {
    tab: "predictions",
    label: "Predictions",
    part: (model, _, item) =>
      item === "" ? <Predictions model={model} /> : <Prediction model={model} id={item} />,
  },
  { tab: "try", label: "Try it", part: (model) => <TryIt model={model} /> },
  { tab: "leaderboard", label: "Leaderboard", part: (model) => <Leaderboard model={model} /> },
  { tab: "evaluation", label: "Evaluation", part: (model) => <Evaluation model={model} /> },
  {
    tab: "versions",
    label: "Versions",
    part: (model, refresh) => <Versions model={model} refresh={refresh} />,
  },
  { tab: "history", label: "History", part: (model) => <History model={model} /> },
];

/** Their members are counted each time. */
const FAMILIES_EVERY_MS = 15_000;

export function ModelPage({ model, tab, item }: { model: string; tab: string; item: string }) {
  const live = useLive(`model ${model}`, () => api.model({ model }));
  if (!live.data) return <Pending live={live} title={model} />;
  return <Shown model={live.data} live={live} tab={tab} item={item} />;
}

function Shown({
  model,
  live,
  tab,
  item,
}: {
  model: ModelDetail;
  live: Live<ModelDetail>;
  tab: string;
  item: string;
}) {
  const health = healthOf(model);
  const shown = TABS.find((t) => t.tab === tab) ?? TABS[0]!;
  const tabs = useRef<HTMLElement>(null);
  const families = useLive("families", () => api.families({}), FAMILIES_EVERY_MS).data?.families;
  const family = families?.find((one) => one.model === model.name);
  // On a narrow screen the tab may lie beyond the edge.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab, another place
  useEffect(() => {
    const current = tabs.current?.querySelector("[aria-current]");
    current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown.tab]);
  return (
    <Page
      eyebrow={
        <>
          <Link to={pathTo.overview()}>Overview</Link>
          <Badge tone={health.tone}>{health.state}</Badge>
        </>
      }
      title={model.name}
      lead={
        <>
          {model.target !== null && (
            <>
              Predicts <code>{model.target}</code>
            </>
          )}
          {model.dataset !== null && (
            <>
              {" "}
              from <Link to={pathTo.dataset(model.dataset)}>{model.dataset}</Link>
            </>
          )}
          {(model.target !== null || model.dataset !== null) && ". "}
          {health.tone !== "bad" && health.why}
          {family !== undefined && (
            <>
              {" "}
              <Link to={pathTo.family(family.model)}>
                {plural(family.standing, "member")} of its family{" "}
                {family.standing === 1 ? "stands" : "stand"} alone
              </Link>
              {family.failing > 0 && `, ${count(family.failing)} failing`}.
            </>
          )}
        </>
      }
      actions={<ModelActions model={model} refresh={live.refresh} />}
    >
      <nav className="tabs" ref={tabs} aria-label={`Parts of ${model.name}`}>
        {TABS.map((t) => (
          <Link
            key={t.tab}
            to={pathTo.model(model.name, t.tab)}
            aria-current={t === shown ? "page" : undefined}
          >
            {t.label}
          </Link>
        ))}
      </nav>
      <div className="stack">{shown.part(model, live.refresh, item)}</div>
    </Page>
  );
}
