/** What src/training/kernels/trees/ exports; comments there say what each does. Pointers are byte offsets. */
export interface TreeKernels {
  bin(
    x: number,
    width: number,
    used: number,
    features: number,
    cuts: number,
    from: number,
    to: number,
    row0: number,
    rowBins: number,
    stride: number,
    columnBins: number,
    rows: number,
  ): void;
  iota(p: number, from: number, to: number): void;
  hist(
    rowBins: number,
    stride: number,
    columns: number,
    idx: number,
    s: number,
    e: number,
    q: number,
    sums: number,
  ): void;
  collect(sums: number, columns: number, shapes: number, cells: number, histogram: number): void;
  join(a: number, b: number, rows: number, numbers: number, pairs: number, out: number): number;
  spread(codes: number, rows: number, rowBins: number, stride: number): void;
  clear(p: number, bytes: number): void;
  add(p: number, q: number, bytes: number): void;
  sub(p: number, q: number, bytes: number): void;
  split(
    histogram: number,
    offsets: number,
    f0: number,
    f1: number,
    cutCounts: number,
    mask: number,
    lambda: number,
    minH: number,
    minGain: number,
    out: number,
  ): void;
  splitMonotone(
    histogram: number,
    offsets: number,
    f0: number,
    f1: number,
    cutCounts: number,
    mask: number,
    lambda: number,
    minH: number,
    minGain: number,
    signs: number,
    lower: number,
    upper: number,
    out: number,
  ): void;
  part(
    column: number,
    bin: number,
    side: number,
    idx: number,
    s: number,
    e: number,
    scratch: number,
  ): number;
  logistic(
    margin: number,
    y: number,
    w: number,
    gh: number,
    from: number,
    to: number,
    maxima: number,
  ): void;
  softmax(
    margin: number,
    probability: number,
    stride: number,
    classes: number,
    from: number,
    to: number,
  ): void;
  softgrad(
    probability: number,
    y: number,
    k: number,
    w: number,
    gh: number,
    from: number,
    to: number,
    maxima: number,
  ): void;
  residual(
    margin: number,
    y: number,
    w: number,
    gh: number,
    from: number,
    to: number,
    delta: number,
    unit: number,
    maxima: number,
  ): void;
  quantise(
    gh: number,
    q: number,
    from: number,
    to: number,
    sg: number,
    sh: number,
    salt: number,
  ): void;
  sums(gh: number, idx: number, s: number, e: number, out: number): void;
  update(idx: number, s: number, e: number, value: number, margin: number): void;
  useBitmap(p: number): void;
  pairSums(gw: number, idx: number, s: number, e: number, out: number, taken: number): void;
  classSums(gw: number, idx: number, s: number, e: number, out: number, classes: number): void;
  pairSplit(
    column: number,
    name: number,
    cuts: number,
    idx: number,
    s: number,
    e: number,
    gw: number,
    histogram: number,
    y: number,
    w: number,
    minW: number,
    out: number,
  ): void;
  classSplit(
    column: number,
    name: number,
    cuts: number,
    idx: number,
    s: number,
    e: number,
    gw: number,
    histogram: number,
    classes: number,
    totals: number,
    scratch: number,
    w: number,
    minW: number,
    out: number,
  ): void;
}
