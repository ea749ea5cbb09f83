import { type ReactNode, useEffect, useRef } from "react";
import type { Live } from "../live.ts";
import { usePath } from "../location.tsx";
import { Empty } from "./empty.tsx";

/** The heading of a page: sets the window's title and takes the focus when the address changes. */
export function Page({
  title,
  lead,
  eyebrow,
  actions,
  children,
}: {
  title: string;
  lead?: ReactNode;
  eyebrow?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const path = usePath();
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Millwright`;
  }, [title]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves when the path changes, and only then
  useEffect(() => {
    if (!first.current) heading.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return (
    <>
      <div className="page-head">
        <div>
          {eyebrow !== undefined && <p className="eyebrow">{eyebrow}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p className="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** While there is no answer yet: a quiet line, or what the server said instead. */
export function Pending({ live, title }: { live: Live<unknown>; title: string }) {
  return (
    <Page title={title}>
      {live.error === undefined ? (
        <p className="loading" role="status">
          Loading…
        </p>
      ) : (
        <Empty title="This could not be shown.">{live.error.message}</Empty>
      )}
    </Page>
  );
}
