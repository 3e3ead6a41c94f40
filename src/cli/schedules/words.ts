/** Schedules as people read them. */
import type { ScheduleDescription, ScheduleSpecDescription } from '@temporalio/client';
import type { Row } from '../../render/rows';
import { nameOf } from './definition';

const UNITS: [letter: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** `0 2 * * * Europe/Berlin`, `every 30m`; what somebody has made in Temporal's UI has no cron to show. */
export function timesText({ calendars = [], intervals = [], timezone }: ScheduleSpecDescription): string {
  const crons = calendars.map(({ comment }) => comment || 'by calendar');
  const every = intervals.map(({ every }) => {
    const [letter, ms] = UNITS.find(([, unit]) => every % unit === 0) ?? ['ms', 1];
    return `every ${every / ms}${letter}`;
  });
  return `${[...crons, ...every].join('; ') || 'never'}${crons.length ? ` ${timezone || 'UTC'}` : ''}`;
}

export const minute = (time: Date | undefined) =>
  time ? `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC` : '-';

export function scheduleRows({
  scheduleId,
  spec,
  action,
  policies,
  state,
  info,
}: ScheduleDescription): Row[] {
  const row = (text: string, more: Partial<Row> = {}): Row => ({
    ...{ depth: 1, tone: 'plain', mark: '', text },
    ...more,
  });
  const runs = info.recentActions.slice(-5).reverse();
  return [
    {
      ...{ depth: 0, tone: 'strong', mark: state.paused ? '·' : '✔' },
      text: `${nameOf(scheduleId) ?? scheduleId}: ${action.workflowType}, ${timesText(spec)}${state.paused ? ', paused' : ''}`,
    },
    ...(state.note ? [row(state.note)] : []),
    row(`overlap ${policies.overlap}, catches up ${policies.catchupWindow / 1_000} s`),
    row('input', { code: JSON.stringify(action.args?.[0] ?? null) }),
    ...(state.paused ? [] : info.nextActionTimes.slice(0, 3).map((time) => row(`next ${minute(time)}`))),
    ...runs.map(({ takenAt, action: { workflow } }) =>
      row(`${minute(takenAt)}`, { code: `pawl get ${workflow.workflowId}` }),
    ),
    ...(info.numActionsMissedCatchupWindow
      ? [row(`${info.numActionsMissedCatchupWindow} runs were missed`, { tone: 'bad', mark: '✖' })]
      : []),
  ];
}
