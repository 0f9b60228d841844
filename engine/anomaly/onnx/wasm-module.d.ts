/** ONNX Runtime's compiled module as its package exports it; what this engine calls of it. */
declare module 'onnxruntime-web/ort-wasm-simd-threaded.mjs' {
  export interface OrtModule {
    /** Of the memory as it is now; it may grow. */
    readonly HEAPU8: Uint8Array
    readonly PTR_SIZE: number
    _malloc(bytes: number): number
    _free(place: number): void
    getValue(place: number, type: string): number
    setValue(place: number, value: number, type: string): void
    UTF8ToString(place: number): string
    _OrtInit(threads: number, loggingLevel: number): number
    _OrtGetLastError(code: number, message: number): number
    _OrtCreateSessionOptions(
      graphOptimization: number,
      useArena: boolean,
      useMemoryPattern: boolean,
      executionMode: number,
      isProfiling: boolean,
      profilePrefix: number,
      logId: number,
      logSeverity: number,
      logVerbosity: number,
      optimizedModelPath: number,
    ): number
    _OrtReleaseSessionOptions(options: number): number
    _OrtCreateSession(data: number, bytes: number, options: number): number | Promise<number>
    _OrtReleaseSession(session: number): number
    _OrtCreateTensor(
      type: number,
      data: number,
      bytes: number,
      dims: number,
      rank: number,
      location: number,
    ): number
    _OrtReleaseTensor(tensor: number): number
    _OrtRun(
      session: number,
      inputNames: number,
      inputs: number,
      inputCount: number,
      outputNames: number,
      outputCount: number,
      outputs: number,
      runOptions: number,
    ): number | Promise<number>
    _OrtCreateRunOptions(severity: number, verbosity: number, stop: boolean, tag: number): number
  }
  const factory: (settings: {
    readonly numThreads: number
    readonly locateFile: (name: string) => string
  }) => Promise<OrtModule>
  // biome-ignore lint/style/noDefaultExport: the package has it so
  export default factory
}
