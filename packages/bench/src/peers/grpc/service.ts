import { loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** The service in protobuf.js' notation: `Body { bytes data }`, `Order { string text }`, Echo and a server stream. */
const DEFINITION = {
  nested: {
    Body: { fields: { data: { type: 'bytes', id: 1 } } },
    Order: { fields: { text: { type: 'string', id: 1 } } },
    Bench: {
      methods: {
        Echo: { requestType: 'Body', responseType: 'Body', comment: '' },
        Stream: { requestType: 'Order', responseType: 'Body', responseStream: true, comment: '' },
      },
    },
  },
};

/** A message of the service. */
export interface BodyMessage {
  readonly data: Uint8Array;
}

/** What a stream is asked for. */
export interface OrderMessage {
  readonly text: string;
}

export const Bench = loadPackageDefinition(fromJSON(DEFINITION))['Bench'] as ServiceClientConstructor;
