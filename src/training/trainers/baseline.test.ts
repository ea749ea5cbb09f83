import { trainerContract } from "../../testing/trainer-contract.ts";
import { baseline } from "./baseline.ts";

trainerContract(baseline, { learns: false });
trainerContract(baseline, { params: { kind: "rule" } });
