import type { DataConverter } from '@temporalio/common';
import { encryptionCodec } from './codec';
import type { Encryption } from './settings';

/** How clients write and read payloads; whoever starts or signals a run must do it as its workers do. */
export function clientDataConverter(encryption: Encryption | undefined, namespace: string): DataConverter {
  return encryption ? encrypting(encryption, namespace, 'client') : {};
}

export function workerDataConverter(encryption: Encryption | undefined, namespace: string): DataConverter {
  return {
    payloadConverterPath: require.resolve('./payload-converter'),
    ...(encryption && encrypting(encryption, namespace, 'worker')),
  };
}

function encrypting(encryption: Encryption, namespace: string, reader: 'worker' | 'client'): DataConverter {
  return {
    payloadCodecs: [encryptionCodec(encryption, namespace, reader)],
    failureConverterPath: require.resolve('./encoded-failures'),
  };
}
