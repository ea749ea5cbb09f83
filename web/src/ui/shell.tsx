import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { api, keepToken } from "../api.ts";
import { useConnection, useLive } from "../live.ts";
import { Link, pathTo, usePath } from "../location.tsx";
import { plural } from "./format.ts";
import { ThemeButton } from "./theme.tsx";

const NAVIGATION = [
  { to: pathTo.overview(), label: "Overview", under: /^\/($|models\/)/ },
  { to: pathTo.families(), label: "Families", under: /^\/families/ },
  { to: pathTo.runs(), label: "Runs", under: /^\/runs/ },
  { to: pathTo.experiments(), label: "Experiments", under: /^\/(experiments|compare)/ },
  { to: pathTo.datasets(), label: "Datasets", under: /^\/datasets/ },
  { to: pathTo.incidents(), label: "Incidents", under: /^\/incidents/ },
] as const;

/** What every page has around it: navigation, the state of the platform, and a line when the server is gone. */
export function Shell({ children }: { children: ReactNode }) {
  const path = usePath();
  const status = useLive("status", () => api.status({})).data;
  const connection = useConnection();
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the names do not fit side by side.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another page
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && current)
      nav.current.scrollLeft =
        current.offsetLeft - (nav.current.clientWidth - current.offsetWidth) / 2;
  }, [path]);
  const counts: Readonly<Record<string, number | undefined>> = {
    Runs: status?.activeRuns,
    Incidents: status?.openIncidents,
  };
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="side">
        <Link to="/" className="brand">
          <Mark />
          <span>
            Millwright
            {status !== undefined && <small>{status.project}</small>}
          </span>
        </Link>
        <nav aria-label="Main" ref={nav}>
          {NAVIGATION.map(({ to, label, under }) => (
            <Link key={to} to={to} aria-current={under.test(path) ? "page" : undefined}>
              {label}
              {(counts[label] ?? 0) > 0 && (
                <span className={label === "Incidents" ? "count bad" : "count"}>
                  {counts[label]}
                  <span className="hidden">{label === "Incidents" ? " open" : " active"}</span>
                </span>
              )}
            </Link>
          ))}
        </nav>
        <div className="platform">
          {status !== undefined && (
            <ul>
              <li className={status.worker ? "up" : "down"}>
                {status.worker ? "Worker running" : "No worker"}
              </li>
              <li className={status.gateway?.ready ? "up" : status.models === 0 ? "plain" : "down"}>
                {status.gateway?.ready
                  ? "Gateway answering"
                  : status.models === 0
                    ? "Gateway waits for a model"
                    : "Gateway not ready"}
              </li>
              <li className="plain">{plural(status.models, "model")}</li>
            </ul>
          )}
          <ThemeButton />
        </div>
      </header>
      <div className="content">
        {connection === "unreachable" && (
          <p className="notice bad" role="alert">
            The server does not answer; what is shown may be old. Is <code>millwright up</code>{" "}
            still running?
          </p>
        )}
        <main id="content">{connection === "unauthorized" ? <TokenForm /> : children}</main>
      </div>
    </div>
  );
}

function TokenForm() {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keepToken(token.trim());
    location.reload();
  };
  return (
    <form className="token" onSubmit={submit}>
      <h1>This server asks for a token</h1>
      <p>
        It is the value of <code>MILLWRIGHT_TOKEN</code> that the server was started with. It is
        kept in this browser tab only.
      </p>
      <label className="field">
        <span>Token</span>
        <input
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          required
        />
      </label>
      <button type="submit" className="button primary">
        Continue
      </button>
    </form>
  );
}

const Mark = () => (
  <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="7" />
    <path d="M16 16V5h5M16 16l9.5 5.5-2.5 4.300M16 16l-9.500 5.500L4 17.200" />
    <circle cx="16" cy="16" r="2.800" />
  </svg>
);
