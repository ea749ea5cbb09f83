import type { ModelDetail } from "@millwright/sdk/contract/models";
import { Link, pathTo } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Empty } from "../../ui/empty.tsx";

/** What stands for a trainer where nobody trained here. */
export const IMPORTED = "imported";

export const NotJudged = () => <Badge tone="warn">imported, not judged</Badge>;

/** In place of what a training would have left. */
export function ImportedOnly({ model, missing }: { model: ModelDetail; missing: string }) {
  const [newest] = model.history;
  return (
    <Empty title={newest?.verdict ? "Made elsewhere." : "Imported, not judged."}>
      Version {newest?.number} came from <code>{newest?.origin?.file}</code>; {missing}. What
      callers ask and what comes of it is in{" "}
      <Link to={pathTo.model(model.name, "predictions")}>Predictions</Link>; send feedback, and the
      truth stands beside each answer.
    </Empty>
  );
}
