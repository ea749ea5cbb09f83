import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { doesNotExist } from "../mlflow/errors.ts";
import { absent, boolean, choice, list, text } from "../mlflow/fields.ts";
import { checkLength } from "../mlflow/names.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { hexId } from "../runs/hex-id.ts";
import { parseFilter } from "../search/filter.ts";
import { ISSUES } from "../search/kinds.ts";
import { maxResults, positionOf, tokenAfter } from "../search/page.ts";
import { experimentId, experimentNumber } from "../traces/read-trace.ts";
import { type WhyNotKeptDeps, whyNotKept } from "../traces/why-not-kept.ts";
import { ISSUE_STATUSES, issueView, SEVERITIES } from "./issue.ts";
import { ISSUE_ORDER, type IssueStore } from "./store.ts";

export interface IssueRoutesDeps extends WhyNotKeptDeps {
  readonly issues: IssueStore;
  readonly clock: Clock;
  chance(): number;
}

const NAME_LENGTH = 250;

const status = () => absent(choice(ISSUE_STATUSES, {}));
const severity = () => absent(choice(SEVERITIES, {}));

export function issueRoutes(deps: IssueRoutesDeps): HttpRoute[] {
  const { issues, clock } = deps;
  return rpcRoutes([
    rpc({
      ...{ method: "POST", path: "/issues", version: 3, summary: "a new issue" },
      input: z.object({
        ...{ experiment_id: experimentId(), name: text(1), description: text(1) },
        ...{ status: status(), severity: severity() },
        ...{ root_causes: list(text()), categories: list(text()) },
        ...{ source_run_id: absent(text()), created_by: absent(text()) },
      }),
      async handle({ name, description, ...given }) {
        checkLength("name", NAME_LENGTH, name);
        const now = clock.now();
        const issue = {
          ...{ id: `iss-${hexId(deps.chance)}`, name, description },
          experiment: experimentNumber(given.experiment_id),
          ...({ status: given.status ?? "pending", severity: given.severity } as const),
          ...{ rootCauses: given.root_causes, categories: given.categories },
          sourceRun: given.source_run_id || undefined,
          createdBy: given.created_by || undefined,
          ...{ createdAt: now, updatedAt: now },
        };
        if (!(await issues.add(issue))) throw await whyNotKept(deps, issue.experiment);
        return { body: { issue: issueView(issue) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/issues/{issue_id}", version: 3, summary: "an issue" },
      input: z.object({ issue_id: text(1) }),
      async handle({ issue_id: id }) {
        const issue = await issues.get(id);
        if (issue === undefined) throw noIssue(id);
        return { body: { issue: issueView(issue) } };
      },
    }),
    rpc({
      ...{ method: "PATCH", path: "/issues/{issue_id}", version: 3, summary: "changes an issue" },
      input: z.object({
        ...{ issue_id: text(1), name: absent(text()), description: absent(text()) },
        ...{ status: status(), severity: severity() },
      }),
      async handle({ issue_id: id, name, description, status, severity }) {
        if (name !== undefined) checkLength("name", NAME_LENGTH, name);
        const issue = await issues.change(id, {
          ...{ name: name || undefined, description: description || undefined },
          ...{ status, severity, at: clock.now() },
        });
        if (issue === undefined) throw noIssue(id);
        return { body: { issue: issueView(issue) } };
      },
    }),
    rpc({
      ...{ method: "POST", path: "/issues/search", version: 3, summary: "issues by a filter" },
      input: z.object({
        ...{ experiment_id: absent(experimentId()), filter_string: absent(text()) },
        ...{ max_results: maxResults(100, 1000), page_token: absent(text()) },
        include_trace_count: absent(boolean()),
      }),
      async handle({ experiment_id: given, filter_string: filter, ...wish }) {
        const experiment = given === undefined ? undefined : experimentNumber(given);
        const same = [experiment ?? "", filter ?? ""];
        const { items, next } = await issues.search({
          ...{ experiment, clauses: parseFilter(filter, ISSUES), limit: wish.max_results },
          after: positionOf(wish.page_token, same, ISSUE_ORDER),
        });
        const views = items.map(({ issue, traces }) =>
          issueView(issue, wish.include_trace_count ? traces : undefined),
        );
        return {
          body: {
            ...(views.length === 0 ? {} : { issues: views }),
            // Said even when there is none: MLflow's own clients look for it.
            next_page_token: tokenAfter(next, same) ?? "",
          },
        };
      },
    }),
  ]);
}

const noIssue = (id: string): Error => doesNotExist(`Issue with ID '${id}' not found`);
