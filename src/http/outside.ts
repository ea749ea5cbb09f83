/** The port to addresses that somebody else chose; `post-outside.ts` and `outside-url.ts` are behind it. */

/** What a URL alone says of where it leads. */
export interface OutsideUrl {
  /** `https` */
  readonly scheme: string;
  readonly host: string;
  readonly hasCredentials: boolean;
  /** The host is an address of this machine or of a private network, or a name that means this machine. */
  readonly isInner: boolean;
}

export interface OutsideRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Also over http, and to this host and private networks. */
  readonly anywhere: boolean;
}

export interface OutsideAnswer {
  readonly status: number;
  /** The beginning, as text. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/** It was not sent, and never will be; why, in words. */
export interface RefusedTarget {
  readonly refused: string;
}
