/** The entry of threads that run the bodies of people's pipelines (`engine/bodies/`). */
import { serveBody } from "./engine/bodies/serve-body.ts";

await serveBody();
