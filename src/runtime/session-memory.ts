/**
 * What a loaded model costs in memory, from the size of its file. Measured (resident memory over 300 to 1,800 sessions, ONNX Runtime
 * 1.30, run once): 150 to 370 KiB for the smallest, by the number of their operators, 1 × the file for networks, 2.3 × for trees
 * (`onnx/pack-trees.ts`); 25 KiB for one that shares its graph with others. What we keep beside the session is in it. Rather too much
 * than too little: a gateway that runs out of memory answers nobody.
 */
export const sessionMemory = (fileBytes: number, sharesGraph = false): number =>
  sharesGraph ? 32 * 1024 + fileBytes : 400 * 1024 + 2.5 * fileBytes;
