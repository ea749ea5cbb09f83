import { threadTeam } from "../../testing/thread-team.ts";
import { trainerContract } from "../../testing/trainer-contract.ts";
import { forestMember } from "../trees/forest-member.ts";
import { forest } from "./forest.ts";

const openTeam = threadTeam("src/training/trees/forest-member.ts", "forestMember", forestMember);

trainerContract(forest, {
  params: { trees: 20, maxDepth: 8 },
  weightParams: { bootstrap: false, columnSample: 1 },
  openTeam,
});
