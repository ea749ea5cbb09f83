/**
 * What a loaded model costs in memory, from the size of its file. Measured (resident memory over 300 sessions each, ONNX Runtime
 * 1.30, run once): 85 KiB for the smallest, 1 × the file for networks, 3 to 5 × for trees, whose nodes are unpacked. The rest is
 * what we keep beside the session. Rather too much than too little: a gateway that runs out of memory answers nobody.
 */
export const sessionMemory = (fileBytes: number): number => 160 * 1024 + 4 * fileBytes;
