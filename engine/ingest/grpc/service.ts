import type * as grpc from '@grpc/grpc-js'
import { liquidus } from '#proto/gen/ingest.js'
import { ingestDescriptor } from '#proto/gen/ingest-descriptor.ts'

const { StreamReadingsResponse, WriteReadingsResponse } = liquidus.ingest.v1
type StreamResponse = liquidus.ingest.v1.StreamReadingsResponse.$Properties
type WriteResponse = liquidus.ingest.v1.WriteReadingsResponse.$Properties

/** Full name of the service, for health and reflection. */
export const SERVICE_NAME = 'liquidus.ingest.v1.TelemetryIngestService'

const raw = (bytes: Buffer): Buffer => bytes

function method<T>(name: string, stream: boolean, encode: (message: T) => Uint8Array) {
  return {
    path: `/${SERVICE_NAME}/${name}`,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: (message: T) => Buffer.from(encode(message)),
    responseDeserialize: (): T => {
      throw new TypeError('the server reads no responses')
    },
  } satisfies grpc.MethodDefinition<Buffer, T>
}

/** The service with requests as raw bytes, so that the log can keep what was sent. */
export const ingestService = {
  StreamReadings: method<StreamResponse>('StreamReadings', true, message =>
    StreamReadingsResponse.encode(message).finish(),
  ),
  WriteReadings: method<WriteResponse>('WriteReadings', false, message =>
    WriteReadingsResponse.encode(message).finish(),
  ),
}

/** What reflection needs to describe the service. */
export const reflectionPackage = {
  [SERVICE_NAME]: {
    format: 'Protocol Buffer 3 FileDescriptorProto',
    type: {},
    fileDescriptorProtos: [ingestDescriptor],
  },
}
