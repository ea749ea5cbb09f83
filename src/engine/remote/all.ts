import { kubernetesPlace } from "./kubernetes.ts";
import type { Place, PlaceOptions } from "./place.ts";
import { type ProcessHost, processPlace } from "./process.ts";
import { rayPlace } from "./ray.ts";

type Opens = {
  readonly [P in PlaceOptions["place"]]: (
    options: Extract<PlaceOptions, { readonly place: P }>,
    host: ProcessHost,
  ) => Place;
};

/** Name → driver. The names are in the rows of jobs: they do not change. */
const PLACES: Opens = {
  process: (_, host) => processPlace(host),
  ray: rayPlace,
  kubernetes: kubernetesPlace,
};

export const openPlace = (options: PlaceOptions, host: ProcessHost): Place =>
  PLACES[options.place](options as never, host);
