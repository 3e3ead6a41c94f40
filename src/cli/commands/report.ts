import type { Command } from 'commander';
import { statusMarkdown } from '../../render/markdown';
import { reportHtml } from '../../render/report';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { messageCommand } from '../message-options';
import { look } from '../runs';
import { withTemporal, type Temporal } from '../temporal';
import { stepTimesOf } from '../step-times';
import { writeWhole } from '../write-whole';

interface Options {
  html?: string;
}

export function addReport(program: Command, { terminal, action }: Cli): void {
  program
    .command('report')
    .helpGroup('Changes:')
    .description('what a change did and what its gates saw, while it goes on or afterwards')
    .argument('<id>', 'id of the run')
    .option('--html <file>', 'one file with charts, to keep or to send; without it Markdown goes to stdout')
    .action(
      action((id: string, options: Options) => withTemporal((temporal) => report(temporal, id, options))),
    );

  async function report(temporal: Temporal, id: string, { html }: Options): Promise<number> {
    const now = await look(temporal, id);
    if (html === undefined) terminal.print(`${statusMarkdown(now.status)}\n`);
    else {
      const stepTimes = await stepTimesOf(temporal, id);
      const page = await reportHtml({
        ...{ status: now.status, stepTimes, asOf: new Date().toISOString(), answerText: messageCommand },
        ...(now.kind === 'silent' && { silent: now.why }),
      });
      await writeWhole(html, page);
      terminal.remark(`${html}: ${now.status.phase}, ${Math.ceil(page.length / 1_024)} KiB`);
    }
    return now.kind === 'silent' ? EXIT.error : EXIT.done;
  }
}
