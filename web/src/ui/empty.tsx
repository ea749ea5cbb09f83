import type { ReactNode } from "react";
import { Command } from "./command.tsx";

/** Nothing here yet: says why, and what to do. */
export function Empty({
  title,
  children,
  commands = [],
}: {
  title: string;
  children?: ReactNode;
  commands?: readonly string[];
}) {
  return (
    <div className="empty">
      <p className="what">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {commands.map((command) => (
        <Command key={command} text={command} />
      ))}
    </div>
  );
}
