import type { ReactNode } from "react";
import { DatasetPage } from "./pages/datasets/dataset.tsx";
import { DatasetsPage } from "./pages/datasets/datasets.tsx";
import { FamiliesPage } from "./pages/families/families.tsx";
import { FamilyPage } from "./pages/families/family.tsx";
import { MemberPage } from "./pages/families/member.tsx";
import { IncidentsPage } from "./pages/monitoring/incidents.tsx";
import { OverviewPage } from "./pages/overview/overview.tsx";
import { ModelPage } from "./pages/registry/model.tsx";
import { ComparePage } from "./pages/tracking/compare.tsx";
import { ExperimentPage } from "./pages/tracking/experiment.tsx";
import { ExperimentsPage } from "./pages/tracking/experiments.tsx";
import { RunPage } from "./pages/tracking/run.tsx";
import { RunsPage } from "./pages/tracking/runs.tsx";
import { TrackedRunPage } from "./pages/tracking/tracked-run.tsx";

/** Every page with its address. */
export const ROUTES: readonly {
  readonly pattern: RegExp;
  readonly page: (parts: readonly string[]) => ReactNode;
}[] = [
  { pattern: /^\/$/, page: () => <OverviewPage /> },
  {
    pattern: /^\/models\/([^/]+)(?:\/([a-z]+)(?:\/([^/]+))?)?\/?$/,
    page: ([model = "", tab = "", item = ""]) => <ModelPage model={model} tab={tab} item={item} />,
  },
  { pattern: /^\/families\/?$/, page: () => <FamiliesPage /> },
  { pattern: /^\/families\/([^/]+)\/?$/, page: ([model = ""]) => <FamilyPage model={model} /> },
  {
    pattern: /^\/families\/([^/]+)\/members\/([^/]+)\/?$/,
    page: ([model = "", member = ""]) => <MemberPage model={model} name={member} />,
  },
  { pattern: /^\/runs\/?$/, page: () => <RunsPage /> },
  { pattern: /^\/runs\/([^/]+)\/?$/, page: ([run = ""]) => <RunPage id={run} /> },
  { pattern: /^\/experiments\/?$/, page: () => <ExperimentsPage /> },
  {
    pattern: /^\/experiments\/([^/]+)\/?$/,
    page: ([experiment = ""]) => <ExperimentPage id={experiment} />,
  },
  {
    pattern: /^\/experiments\/([^/]+)\/runs\/([^/]+)\/?$/,
    page: ([, run = ""]) => <TrackedRunPage id={run} />,
  },
  { pattern: /^\/compare\/?$/, page: () => <ComparePage /> },
  { pattern: /^\/datasets\/?$/, page: () => <DatasetsPage /> },
  { pattern: /^\/datasets\/([^/]+)\/?$/, page: ([name = ""]) => <DatasetPage name={name} /> },
  { pattern: /^\/incidents\/?$/, page: () => <IncidentsPage /> },
];
