import { trainerContract } from "../../testing/trainer-contract.ts";
import { mlp } from "./mlp.ts";

// Full batches over all rows: then weights do what repeated rows do.
trainerContract(mlp, {
  params: { epochs: 40, batchSize: 32, hidden: [32, 16] },
  weightParams: { epochs: 3, batchSize: 10_000, holdOut: 0, hidden: [8] },
});
