import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

/** The address bar is the state: path and query. */

const listeners = new Set<() => void>();
const changed = () => {
  for (const listener of listeners) listener();
};
addEventListener("popstate", changed);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname);
export const useQuery = (): URLSearchParams =>
  new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));

export function go(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  const samePage = to.split("?")[0] === location.pathname;
  history[options.replace ? "replaceState" : "pushState"](null, "", to);
  if (!samePage) scrollTo(0, 0);
  changed();
}

/** This page with other words in its query; undefined or "" takes one out. */
export function withQuery(change: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change))
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  const text = query.toString();
  return location.pathname + (text === "" ? "" : `?${text}`);
}

/** A link inside the console: no page load, but open-in-new-tab and copy-address work. */
export function Link({
  to,
  ...rest
}: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href">) {
  const onClick = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    go(to);
  };
  return <a {...rest} href={to} onClick={onClick} />;
}

export const pathTo = {
  overview: () => "/",
  model: (model: string, tab = "") =>
    `/models/${encodeURIComponent(model)}${tab === "" ? "" : `/${tab}`}`,
  prediction: (model: string, id: string) =>
    `/models/${encodeURIComponent(model)}/predictions/${encodeURIComponent(id)}`,
  families: () => "/families",
  family: (model: string, query = "") => `/families/${encodeURIComponent(model)}${query}`,
  member: (model: string, member: string) =>
    `/families/${encodeURIComponent(model)}/members/${encodeURIComponent(member)}`,
  runs: (state?: string) => (state === undefined ? "/runs" : `/runs?state=${state}`),
  run: (run: string) => `/runs/${encodeURIComponent(run)}`,
  experiments: () => "/experiments",
  experiment: (experiment: string) => `/experiments/${encodeURIComponent(experiment)}`,
  trackedRun: (experiment: string, run: string) =>
    `/experiments/${encodeURIComponent(experiment)}/runs/${encodeURIComponent(run)}`,
  compare: (runs: readonly string[]) => `/compare?runs=${runs.map(encodeURIComponent).join(",")}`,
  datasets: () => "/datasets",
  dataset: (dataset: string) => `/datasets/${encodeURIComponent(dataset)}`,
  incidents: () => "/incidents",
};
