import { type ReactNode, useId } from "react";

/** A titled part of a page. `aside` sits beside the title. */
export function Card({
  title,
  aside,
  children,
  flush = false,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  /** The content reaches the edges (tables). */
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section className={flush ? "card flush" : "card"} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
