import { usePath } from "./location.tsx";
import { ROUTES } from "./routes.tsx";
import { Empty } from "./ui/empty.tsx";
import { Page } from "./ui/page.tsx";
import { Shell } from "./ui/shell.tsx";

export function App() {
  const path = usePath();
  for (const { pattern, page } of ROUTES) {
    const match = pattern.exec(path);
    if (match) return <Shell>{page(match.slice(1).map((part) => decoded(part ?? "")))}</Shell>;
  }
  return (
    <Shell>
      <Page title="Nothing is here">
        <Empty title={`There is no page at ${path}.`}>
          The navigation leads to everything there is.
        </Empty>
      </Page>
    </Shell>
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
