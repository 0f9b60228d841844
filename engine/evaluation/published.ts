/** Missed detection rate by fault of CVA Tr2 (Russell, Chiang, Braatz 2000), rows after the fault. */
export const TEP_CVA_MISSED: readonly number[] = [
  0, 0.01, 0.986, 0, 0, 0, 0, 0.016, 0.993, 0.099, 0.195, 0, 0.04, 0, 0.903, 0.084, 0.024, 0.092,
  0.019, 0.087, 0.342,
]

/** What a benchmark is measured against. */
export interface RecordLine {
  readonly name: string
  readonly numbers: string
}

/** Records by benchmark, best first. */
export const RECORDS: Readonly<Record<string, readonly RecordLine[]>> = {
  tep: [
    { name: 'CVA Tr2 + log-EWMA 0.1, rerun', numbers: 'FDR18 0.965, FAR 0.0 / 1.0 %' },
    { name: 'CVA Tr2, published', numbers: 'FDR18 0.944, FAR 1 %' },
    { name: 'CVA Tr2, rerun', numbers: 'FDR18 0.939, FAR 0.9 / 0.7 %' },
    { name: 'MEWMA 0.2, rerun', numbers: 'FDR18 0.812, FAR 0.0 / 0.0 %' },
    { name: 'DPCA(29) Q, rerun', numbers: 'FDR18 0.762, FAR 1.1 / 0.2 %' },
    { name: 'PCA(11) Q, rerun', numbers: 'FDR18 0.722, FAR 0.5 / 0.3 %' },
  ],
  skab: [
    { name: 'CVA Tr2 + log-EWMA 0.1, rerun, 34 runs', numbers: 'F1 0.820, FAR 20.8, MAR 18.0 %' },
    { name: 'the same, 17 runs', numbers: 'F1 0.816, FAR 27, MAR 15 %' },
    { name: 'T2+Q, published, 34 runs', numbers: 'F1 0.758, FAR 26.6, MAR 24.9 %' },
    { name: 'T2+Q, 17 runs', numbers: 'F1 0.723, FAR 35.3, MAR 26.0 %' },
    { name: 'always an alarm', numbers: 'F1 0.698' },
    { name: 'MSCRED, published', numbers: 'change points, NAB standard 32.4' },
  ],
  nab: [
    { name: 'ARTime, on these 51 files', numbers: 'standard 77.00' },
    { name: 'CAD OSE, on these 51 files', numbers: 'standard 75.41' },
    { name: 'Numenta HTM, on these 51 files', numbers: 'standard 72.97' },
    { name: 'random cut forest, on these 51 files', numbers: 'standard 53.41' },
  ],
  three_w: [
    { name: 'Isolation Forest, 36 events', numbers: 'F1 micro 0.727 +- 0.182' },
    { name: 'one-class SVM, 36 events', numbers: 'F1 micro 0.532' },
    { name: 'dummy, 36 events', numbers: 'F1 micro 0.500' },
  ],
}
