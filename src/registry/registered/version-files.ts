import type { Digest } from "../../lib/digest.ts";
import { utf8Bytes } from "../../lib/utf8.ts";
import { type MadeFile, madeOf } from "../../storage/artifacts/overlaid.ts";
import type { RegistryStore } from "../store.ts";
import { mlmodelText, ONNX_FILE } from "./mlmodel-text.ts";
import { OWN_FOLDER, ownLocation } from "./registered-model.ts";
import type { RegisteredStore } from "./store.ts";

const FOLDER = new RegExp(`^${OWN_FOLDER}/([^/]+)/(\\d{1,9})$`);

/** The files of a version that was trained or imported here, as MLflow lays models out; undefined: the folder is of none. */
export async function versionFiles(
  deps: {
    readonly registered: Pick<RegisteredStore, "version">;
    readonly registry: Pick<RegistryStore, "get">;
    /** A blob. */
    file(digest: Digest): Promise<Omit<MadeFile, "name">>;
  },
  folder: string,
): Promise<readonly MadeFile[] | undefined> {
  const [, model = "", number = ""] = FOLDER.exec(folder) ?? [];
  const found = model === "" ? undefined : await deps.registered.version(model, Number(number));
  if (found?.version === undefined || found.location !== ownLocation(model, found.number))
    return undefined;
  const version = await deps.registry.get(found.version as Digest);
  if (!version) return undefined;
  return [
    madeOf("MLmodel", utf8Bytes(mlmodelText(version))),
    { name: ONNX_FILE, ...(await deps.file(version.onnx)) },
  ];
}
