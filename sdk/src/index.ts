export { type Client, type ClientOptions, client, RequestError } from "./client.ts";
export {
  type Contract,
  type Endpoint,
  endpoint,
  type InputOf,
  type OutputOf,
} from "./contract/endpoint.ts";
export { ERROR_CODES, type ErrorCode, type Problem } from "./contract/errors.ts";
