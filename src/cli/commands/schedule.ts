import type { Command } from 'commander';
import { parseCron } from '../../domain/schedules/cron';
import { lostDay } from '../../domain/schedules/findings';
import type { Row } from '../../render/rows';
import type { Cli } from '../cli';
import { draw } from '../draw';
import { EXIT } from '../exit-codes';
import { userName } from '../message-options';
import { nameOf, type Definition } from '../schedules/definition';
import { bringAbout, listed, outcomeOf, withSchedule, type Outcome } from '../schedules/keep';
import { readSchedules } from '../schedules/read';
import { minute, scheduleRows, timesText } from '../schedules/words';
import { withTemporal } from '../temporal';

interface Options {
  json?: boolean;
  dryRun?: boolean;
  note?: string;
}

export function addSchedule(program: Command, { terminal, action }: Cli): void {
  const schedule = program
    .command('schedule')
    .helpGroup('Changes:')
    .description('runs that Temporal starts by the clock')
    .helpCommand(false);
  schedule
    .command('apply')
    .description('make schedules as a file says; those that are so already are left alone')
    .argument('<file>', 'a list of schedules, YAML or JSON')
    .option('--dry-run', 'check it, and say what would be done')
    .option('--json', 'machine readable')
    .action(action((file: string, options: Options) => apply(file, options)));
  schedule
    .command('list')
    .description('show all schedules')
    .option('--json', 'machine readable: one array')
    .action(action((options: Options) => list(options)));
  const one = (name: string, about: string) =>
    schedule.command(name).description(about).argument('<schedule>', 'as the file names it');
  one('show', 'what it starts, when, and what it has started')
    .option('--json', 'machine readable')
    .action(action((id: string, options: Options) => show(id, options)));
  one('pause', 'start nothing until it is resumed')
    .option('--note <text>', 'why')
    .action(action((id: string, options: Options) => pause(id, options)));
  one('resume', 'start runs again').action(action((id: string) => resume(id)));
  one('trigger', 'start a run now').action(action((id: string) => trigger(id)));
  one('delete', 'start nothing any more; runs that go on are not touched').action(
    action((id: string) => remove(id)),
  );

  async function apply(file: string, { json, dryRun = false }: Options): Promise<number> {
    const definitions = await readSchedules(file);
    for (const definition of definitions) warn(definition);
    return withTemporal(async (temporal) => {
      const outcomes: { id: string; outcome: Outcome }[] = [];
      for (const definition of definitions) {
        const outcome = await outcomeOf(temporal, definition);
        if (!dryRun) await bringAbout(temporal, definition, outcome);
        outcomes.push({ id: definition.id, outcome });
        if (!json) terminal.print(`${said(outcome, dryRun)} ${terminal.colours.bold(definition.id)}\n`);
      }
      if (json) terminal.print(`${JSON.stringify({ dryRun, schedules: outcomes })}\n`);
      return EXIT.done;
    });
  }

  /** What is no mistake, and still not what one may expect. */
  function warn({ id, cron, timeZone }: Definition): void {
    const calendar = cron === undefined ? undefined : parseCron(cron);
    if (calendar === undefined || typeof calendar === 'string') return;
    const day = lostDay(calendar, timeZone, Date.now());
    if (day)
      terminal.remark(
        `${id}: on ${day} clocks in ${timeZone} leave this time out, and nothing is started; another time or UTC has no such day`,
      );
  }

  async function list({ json }: Options): Promise<number> {
    const all = await withTemporal(listed);
    if (json) terminal.print(`${JSON.stringify(all)}\n`);
    else if (all.length === 0) terminal.remark('no schedules yet; `pawl schedule apply <file>` makes some');
    else terminal.print(`${draw(all.map(listRow), terminal).join('\n')}\n`);
    return EXIT.done;
  }

  async function show(id: string, { json }: Options): Promise<number> {
    const there = await withTemporal((temporal) => withSchedule(temporal, id, (handle) => handle.describe()));
    const { raw: _raw, ...known } = there;
    terminal.print(
      json ? `${JSON.stringify(known)}\n` : `${draw(scheduleRows(there), terminal).join('\n')}\n`,
    );
    return EXIT.done;
  }

  const pause = (id: string, { note }: Options) =>
    tell(
      id,
      'paused',
      (by) => `paused by ${by}${note ? `: ${note}` : ''}`,
      (handle, text) => handle.pause(text),
    );
  const resume = (id: string) =>
    tell(
      id,
      'resumed',
      (by) => `resumed by ${by}`,
      (handle, text) => handle.unpause(text),
    );
  const trigger = (id: string) =>
    tell(
      id,
      'triggered; `pawl list` shows the run:',
      () => '',
      async (handle) => {
        // a second run beside the first comes only where the schedule wants that
        const { policies } = await handle.describe();
        await handle.trigger(policies.overlap);
      },
    );
  const remove = (id: string) =>
    tell(
      id,
      'deleted',
      () => '',
      (handle) => handle.delete(),
    );

  async function tell(
    id: string,
    done: string,
    note: (by: string) => string,
    work: (handle: Handle, note: string) => Promise<void>,
  ): Promise<number> {
    await withTemporal((temporal) => withSchedule(temporal, id, (handle) => work(handle, note(userName()))));
    terminal.print(`${terminal.colours.green('✔')} ${done} ${id}\n`);
    return EXIT.done;
  }
}

type Handle = Parameters<Parameters<typeof withSchedule>[2]>[0];
type Summary = Awaited<ReturnType<typeof listed>>[number];

const WOULD: Record<Outcome, string> = {
  created: 'would be created',
  updated: 'would be updated',
  unchanged: 'unchanged',
};
const said = (outcome: Outcome, dryRun: boolean) => (dryRun ? WOULD[outcome] : outcome);

function listRow({ scheduleId, spec, action, state, info }: Summary): Row {
  const next = state.paused ? 'paused' : `next ${minute(info.nextActionTimes[0])}`;
  const last = info.recentActions.at(-1)?.action.workflow.workflowId;
  const cells = [
    ...[nameOf(scheduleId) ?? scheduleId, action?.workflowType ?? '', spec ? timesText(spec) : '', next],
    ...(last === undefined ? [] : [`last ${last}`]),
  ];
  return { depth: 1, tone: 'plain', mark: state.paused ? '·' : '✔', text: cells.join('  '), cells };
}
