import { trainerContract } from "../../testing/trainer-contract.ts";
import { linear } from "./linear.ts";

trainerContract(linear);
