import { MillwrightError } from "../../errors.ts";

/** Throws `unavailable` while the routes are not known. */
export function assertReady(deps: { ready(): boolean }): void {
  if (!deps.ready())
    throw new MillwrightError(
      "unavailable",
      "No routes yet: the database has not answered and there is no snapshot.",
    );
}
