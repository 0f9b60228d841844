import {
  backend_util,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  getKernel,
  type KernelBackend,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core'

const BACKEND = 'wasm'
/** How the kernel is counted. */
type Sizes = ReturnType<typeof backend_util.computeConv2DInfo>

/**
 * Lets the WebAssembly backend learn convolutions: it computes all of them but the gradient of the
 * weights, which is small beside the rest and made here in plain loops.
 */
export function addConvolutionGradient(): void {
  if (getKernel(Conv2DBackpropFilter, BACKEND)) return
  registerKernel({
    kernelName: Conv2DBackpropFilter,
    backendName: BACKEND,
    kernelFunc({ inputs, backend, attrs }) {
      const { x, dy } = inputs as Record<'x' | 'dy', TensorInfo>
      const { strides, pad, filterShape, dimRoundingMode, dataFormat } =
        attrs as unknown as Conv2DBackpropFilterAttrs
      const sizes = backend_util.computeConv2DInfo(
        x.shape as [number, number, number, number],
        filterShape as [number, number, number, number],
        ...([strides, 1, pad, dimRoundingMode, false] as const),
        backend_util.convertConv2DDataFormat(dataFormat),
      )
      const memory = backend as KernelBackend
      const read = (dataId: object) => memory.readSync(dataId) as Float32Array
      const made = filterGradient(read(x.dataId), read(dy.dataId), sizes)
      const dataId = memory.write(made, [...filterShape], 'float32')
      return { dataId, shape: filterShape, dtype: 'float32' }
    },
  })
}

/** Values lie [row][y][x][channel], weights [y][x][channel][filter]. */
function filterGradient(x: Float32Array, dy: Float32Array, sizes: Sizes): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = sizes
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = sizes
  const sums = new Float64Array(filterHeight * filterWidth * inChannels * outChannels)
  const addPlace = (given: number, wanted: number, into: number) => {
    for (let c = 0; c < inChannels; c++) {
      const value = x[given + c]!
      const to = into + c * outChannels
      for (let f = 0; f < outChannels; f++) sums[to + f]! += value * dy[wanted + f]!
    }
  }
  for (let place = 0; place < batchSize * outHeight * outWidth; place++) {
    const column = place % outWidth
    const line = Math.floor(place / outWidth) % outHeight
    const row = Math.floor(place / (outWidth * outHeight))
    for (let ky = 0; ky < filterHeight; ky++) {
      const y = line * strideHeight - padInfo.top + ky
      if (y < 0 || y >= inHeight) continue
      for (let kx = 0; kx < filterWidth; kx++) {
        const at = column * strideWidth - padInfo.left + kx
        if (at < 0 || at >= inWidth) continue
        const given = ((row * inHeight + y) * inWidth + at) * inChannels
        const into = (ky * filterWidth + kx) * inChannels * outChannels
        addPlace(given, place * outChannels, into)
      }
    }
  }
  return Float32Array.from(sums)
}
