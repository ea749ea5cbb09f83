/** The part of AbortSignal that pure code may know: has somebody asked to stop? */
export interface Abort {
  readonly aborted: boolean;
}
