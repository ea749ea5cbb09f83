/**
 * The port between what answers (`methods.ts` of a capability) and the gRPC server that listens. Messages are bytes here: reading
 * and writing them is the protocol's matter.
 */
export interface GrpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** `open` is answered without a token (health checks). */
  readonly access?: "open";
  /** Both sides send messages as long as they like; each is answered by one, in order. */
  readonly stream?: boolean;
  /** @param at when the message was read, milliseconds since 1970. */
  handle(message: Uint8Array, at: number): Uint8Array | Promise<Uint8Array>;
}
