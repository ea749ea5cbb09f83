import { joinPath } from "../../storage/artifacts/artifact-path.ts";
import type { Artifacts } from "../../storage/artifacts/artifacts.ts";
import { mlflowError } from "../mlflow/errors.ts";
import { placeOf } from "./artifact-uri.ts";

export interface LocateDeps {
  /** What callers put through this server. */
  readonly proxied: Artifacts;
  /** Folders of this machine that whoever runs the server has named: no others are looked into. */
  readonly folders: readonly ArtifactFolder[];
  /** Where a run, a logged model and a registered version keep their artifacts. They throw RESOURCE_DOES_NOT_EXIST. */
  artifactUriOf(run: string): Promise<string>;
  modelUriOf(model: string): Promise<string>;
  sourceOf(name: string, version: string): Promise<string>;
}

interface ArtifactFolder {
  /** Absolute. */
  readonly path: string;
  readonly artifacts: Artifacts;
}

export interface Located {
  readonly artifacts: Artifacts;
  readonly path: string;
}

/** A version may name a model that a run keeps: not more than that. */
const MAX_STEPS = 4;

/** Where the artifacts of a URI are. Throws PERMISSION_DENIED for places this server does not look into. */
export async function locateArtifacts(deps: LocateDeps, uri: string): Promise<Located> {
  let below = "";
  for (let at = uri, step = 0; step < MAX_STEPS; step++) {
    const place = placeOf(at);
    if (place.kind === "proxy")
      return { artifacts: deps.proxied, path: joinPath(place.path, below) };
    if (place.kind === "folder") return inFolder(deps, place.path, below);
    if (place.kind === "elsewhere")
      throw mlflowError(
        "PERMISSION_DENIED",
        `The artifacts are at ${place.scheme}, which this server does not read for others. Read them with a client that reaches them.`,
      );
    below = joinPath(place.path, below);
    if (place.kind === "run") at = await deps.artifactUriOf(place.run);
    else if (place.kind === "model") at = await deps.modelUriOf(place.model);
    else at = await deps.sourceOf(place.name, place.version);
  }
  throw mlflowError("INVALID_PARAMETER_VALUE", `The artifact URI '${uri}' leads in a circle.`);
}

function inFolder({ folders }: LocateDeps, path: string, below: string): Located {
  for (const folder of folders) {
    const root = folder.path.replace(/\/+$/, "");
    if (path === root || path.startsWith(`${root}/`))
      return { artifacts: folder.artifacts, path: joinPath(path.slice(root.length + 1), below) };
  }
  throw mlflowError(
    "PERMISSION_DENIED",
    "The artifacts are in a folder that this server was not told to serve, so that nobody can have it read any file. Read them where they are, or name the folder as artifact root of the server.",
  );
}
