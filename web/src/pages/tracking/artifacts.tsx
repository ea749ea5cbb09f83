import { useState } from "react";
import { api, saveArtifact } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, useQuery, withQuery } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { count } from "../../ui/format.ts";

/** The files of a run, folder by folder; which folder is in the address. */
export function Artifacts({ run }: { run: string }) {
  const folder = useQuery().get("folder") ?? "";
  const [failure, setFailure] = useState("");
  const live = useLive(
    `artifacts ${run} ${folder}`,
    () => api.artifacts({ run_id: run, ...(folder === "" ? {} : { path: folder }) }),
    10_000,
  );
  const files = live.data?.files ?? [];
  const open = (to: string) => go(withQuery({ folder: to }), { replace: true });
  const save = async (path: string) => {
    setFailure("");
    await saveArtifact(run, path).catch((error: Error) => setFailure(error.message));
  };
  const parts = folder.split("/").filter(Boolean);
  return (
    <Card
      title="Artifacts"
      flush
      aside={
        folder !== "" && (
          <nav className="crumbs" aria-label="Folder">
            <button type="button" className="order" onClick={() => open("")}>
              all
            </button>
            {parts.map((part, i) => (
              <span key={parts.slice(0, i + 1).join("/")}>
                {" / "}
                <button
                  type="button"
                  className="order"
                  onClick={() => open(parts.slice(0, i + 1).join("/"))}
                >
                  {part}
                </button>
              </span>
            ))}
          </nav>
        )
      }
    >
      {failure !== "" && (
        <p className="foot bad-text" role="alert">
          {failure}
        </p>
      )}
      {files.length === 0 ? (
        <p className="foot muted">
          {live.error?.message ?? (live.data === undefined ? "Loading…" : "No file was logged.")}
        </p>
      ) : (
        <div className="scroll tall">
          <table className="rows">
            <tbody>
              {files.map(({ path, is_dir: isFolder, file_size: size }) => (
                <tr key={path}>
                  <th scope="row">
                    <button
                      type="button"
                      className="order"
                      title={isFolder ? "Open this folder" : "Download this file"}
                      onClick={() => (isFolder ? open(path) : void save(path))}
                    >
                      {path.split("/").at(-1)}
                      {isFolder && "/"}
                    </button>
                  </th>
                  <td className="number">{isFolder ? "folder" : bytes(size ?? 0)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {live.data?.next_page_token !== undefined && (
        <p className="foot muted">Only the first {count(files.length)} are shown.</p>
      )}
    </Card>
  );
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

function bytes(size: number): string {
  let value = size;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? count(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
