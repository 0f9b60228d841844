import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Type } from 'protobufjs'

/** Operator set that exported networks name: every runtime since 2022 has it. */
export const ONNX_OPSET = 17
/** Version of the file format that goes with it. */
const IR_VERSION = 8
const ELEMENT = { float: 1, int64: 7 } as const
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7, strings: 8 } as const

/** What an operator is told besides its inputs. */
export interface Attributes {
  readonly ints?: Readonly<Record<string, number | readonly number[]>>
  readonly floats?: Readonly<Record<string, number>>
  readonly texts?: Readonly<Record<string, string | readonly string[]>>
}

/** One end of a graph; a size of null is free. */
export interface NamedShape {
  readonly name: string
  readonly dims: readonly (number | null)[]
}

/** What a file says of itself and of its ends. */
export interface GraphFacts {
  readonly name: string
  readonly input: NamedShape
  readonly output: NamedShape
  /** Value that becomes the output. */
  readonly result: string
  readonly metadata: Readonly<Record<string, string>>
}

/** A graph under construction; values are known by their names. */
export interface OnnxGraph {
  /** Adds an operator and gives the name of its result. */
  node(operator: string, inputs: readonly string[], attributes?: Attributes): string
  /** Adds a constant of 32-bit floats. */
  floats(dims: readonly number[], values: Float32Array): string
  /** Adds a constant list of whole numbers. */
  integers(values: readonly number[]): string
  encode(facts: GraphFacts): Uint8Array
}

let modelProto: Type | undefined

/** The message type of a file, read when first needed: most engines never export. */
function modelType(): Type {
  const protobuf = createRequire(import.meta.url)('protobufjs') as typeof import('protobufjs')
  const text = () => readFileSync(new URL('onnx.proto', import.meta.url), 'utf8')
  modelProto ??= protobuf.parse(text(), { keepCase: true }).root.lookupType('onnx.ModelProto')
  return modelProto
}

/** An empty graph. */
export function onnxGraph(): OnnxGraph {
  const nodes: object[] = []
  const constants: object[] = []
  const add = (op_type: string, input: readonly string[], output: string, attribute: object[]) => {
    nodes.push({ name: `${op_type}_${nodes.length}`, op_type, input, output: [output], attribute })
    return output
  }
  const constant = (dims: readonly number[], data_type: number, raw_data: Uint8Array) => {
    const name = `constant_${constants.length}`
    constants.push({ name, dims, data_type, raw_data })
    return name
  }
  return {
    node: (operator, inputs, attributes = {}) =>
      add(operator, inputs, `value_${nodes.length}`, attributesOf(attributes)),
    // Numbers of a file are little-endian, as those of every machine that Node runs on.
    floats: (dims, values) =>
      constant(dims, ELEMENT.float, new Uint8Array(values.slice().buffer, 0, values.byteLength)),
    integers: values =>
      constant(
        [values.length],
        ELEMENT.int64,
        new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
      ),
    encode({ name, input, output, result, metadata }) {
      add('Identity', [result], output.name, [])
      const file = {
        ...{ ir_version: IR_VERSION, producer_name: 'liquidus' },
        opset_import: [{ domain: '', version: ONNX_OPSET }],
        metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
        graph: {
          ...{ name, node: nodes, initializer: constants },
          ...{ input: [endOf(input)], output: [endOf(output)] },
        },
      }
      return Uint8Array.from(modelType().encode(file).finish())
    },
  }
}

function endOf({ name, dims }: NamedShape): object {
  const dim = dims.map((size, i) => (size === null ? { dim_param: `n${i}` } : { dim_value: size }))
  return { name, type: { tensor_type: { elem_type: ELEMENT.float, shape: { dim } } } }
}

function attributesOf({ ints = {}, floats = {}, texts = {} }: Attributes): object[] {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const isSeveral = (value: unknown): value is readonly never[] => Array.isArray(value)
  return [
    ...Object.entries(ints).map(([name, value]) =>
      isSeveral(value)
        ? { name, type: ATTRIBUTE.ints, ints: value }
        : { name, type: ATTRIBUTE.int, i: value },
    ),
    ...Object.entries(floats).map(([name, f]) => ({ name, type: ATTRIBUTE.float, f })),
    ...Object.entries(texts).map(([name, value]) =>
      isSeveral(value)
        ? { name, type: ATTRIBUTE.strings, strings: (value as readonly string[]).map(bytes) }
        : { name, type: ATTRIBUTE.string, s: bytes(value as string) },
    ),
  ]
}
