import { once } from 'node:events';
import type { Command } from 'commander';
import { encryptionCodec } from '../../temporal/codec';
import { codecServer } from '../../temporal/codec-server';
import { connectionConfig } from '../../temporal/connection';
import { codecServerSettings } from '../../temporal/settings';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';

/** `pawl codec-server`: until it is told to end. */
export function addCodecServer(program: Command, { terminal, action }: Cli): void {
  program
    .command('codec-server')
    .description("let Temporal's web interface and command line read encrypted payloads")
    .action(
      action(async () => {
        const { address, origin, token, encryption } = codecServerSettings();
        const { namespace } = connectionConfig();
        const codec = encryptionCodec(encryption, namespace, 'display');
        const server = codecServer({ codec, namespace, origin, token });
        const { hostname, port } = new URL(`http://${address}`);
        server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''));
        await once(server, 'listening');
        terminal.remark(
          `codec server at http://${address} for namespace ${namespace}, ${whoMay(origin, token)}`,
        );
        await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
        server.closeAllConnections();
        server.close();
        return EXIT.done;
      }),
    );
}

const whoMay = (origin: string | undefined, token: string | undefined) =>
  `${origin ? `for pages of ${origin}` : 'for no web page (PAWL_UI_URL names one)'}${token ? ', with a token' : ''}`;
