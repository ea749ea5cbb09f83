import { joinPath } from "../../storage/artifacts/artifact-path.ts";
import type { ArtifactEntry } from "../../storage/artifacts/artifacts.ts";

/** As MLflow's answers list files. An empty list is left out, as it does. */
export function fileInfos(
  entries: readonly ArtifactEntry[],
  folder = "",
): { readonly files?: readonly object[] } {
  if (entries.length === 0) return {};
  return {
    files: entries.map(({ name, bytes }) => ({
      ...{ path: joinPath(folder, name), is_dir: bytes === undefined },
      ...(bytes === undefined ? {} : { file_size: bytes }),
    })),
  };
}
