// Kernels of boosted trees and random forests (AssemblyScript). All pointers are byte offsets into one shared memory.
export * from "./trees/bins.as";
export * from "./trees/forest.as";
export * from "./trees/gradients.as";
export * from "./trees/histograms.as";
