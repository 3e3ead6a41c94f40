import type { EChartsOption, init } from 'echarts' with { 'resolution-mode': 'import' };
import type { Figures, Sight } from '../../contracts/gate';
import { Html } from './html';

/** Pixels of the picture; it takes the width that there is. */
const SIZE = { width: 340, height: 190 };
/** A limit that would press all lines to the ground is told in words. */
const FAR_ABOVE = 3;
/** No figure is so small, and an axis would have no end. */
const NOTHING = 1e-6;
/** Seconds; a rate over less says nothing. */
const LEAST_STEP = 1;

interface Chart {
  /** with its unit */
  title: string;
  /** of what time, or of which host */
  about: string;
  limit: number | null;
  /** at one look; `before`: at the one before, and the seconds between them */
  value: (
    figures: Figures,
    before: { figures: Figures; seconds: number } | undefined,
    hosts: number,
  ) => number | null;
}

const share = (part: number, whole: number) => (whole > 0 ? (part / whole) * 100 : null);

const CHARTS: ((sight: Sight) => Chart)[] = [
  ({ limits }) => ({
    title: 'Failed requests, %',
    about: 'since it began',
    limit: limits.errorPercent,
    value: ([answers, serverErrors, failures]) => share(serverErrors + failures, answers + failures),
  }),
  ({ limits }) => ({
    title: 'P95, ms',
    about: 'since it began',
    limit: limits.p95Ms,
    value: ([, , , p95Ms]) => p95Ms,
  }),
  () => ({
    title: 'Answers of one host, 1/s',
    about: 'of average weight',
    limit: null,
    value: ([answers], before, hosts) =>
      before && hosts > 0 ? Math.max(0, answers - before.figures[0]) / before.seconds / hosts : null,
  }),
  ({ limits }) => ({
    title: 'Memory of the unit, MiB',
    about: 'the most',
    limit: limits.memoryMiB,
    value: ([, , , , memoryMiB]) => memoryMiB,
  }),
  ({ limits }) => ({
    title: 'CPU of the unit, %',
    about: 'the most',
    limit: limits.cpuPercent,
    value: ([, , , , , cpuPercent]) => cpuPercent,
  }),
];

const GROUPS = [
  { name: 'peers', of: 2, width: 1.5, symbol: 'rect' },
  { name: 'changed', of: 1, width: 2.5, symbol: 'circle' },
] as const;

type Point = [seconds: number, value: number];

/** What draws: a megabyte of code, loaded where it is needed. */
export interface Drawing {
  init: typeof init;
}

/** Charts of what a gate saw, each with its title; those that it has no figures for are left out. */
export function chartsOf(drawing: Drawing, sight: Sight): { title: string; note: string; svg: Html }[] {
  return CHARTS.map((make) => make(sight)).flatMap((chart) => {
    const lines = GROUPS.map((group) => ({ ...group, points: pointsOf(chart, sight, group) }));
    const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
    if (values.length < 2) return [];
    const far = chart.limit !== null && chart.limit > FAR_ABOVE * Math.max(...values);
    const note = far ? `${chart.about}, limit ${figure(chart.limit!)}` : chart.about;
    return [{ title: chart.title, note, svg: drawn(drawing, lines, far ? null : chart.limit) }];
  });
}

function pointsOf({ value }: Chart, sight: Sight, { name, of }: (typeof GROUPS)[number]): Point[] {
  let last: Sight['looks'][number] | undefined;
  return sight.looks.flatMap((look) => {
    const seconds = last ? look[0] - last[0] : 0;
    if (last && seconds < LEAST_STEP) return [];
    const is = value(look[of], last && { figures: last[of], seconds }, serving(sight, name));
    last = look;
    return is === null ? [] : [[look[0], is] satisfies Point];
  });
}

/** Answers of one host of average weight in a second, over the whole time. */
export function rates({ looks, ...sight }: Sight): { changed: string; peers: string } | null {
  const [seconds, changed, peers] = looks.at(-1) ?? [0];
  if (!changed || !peers || seconds < LEAST_STEP) return null;
  const rate = ([answers]: Figures, name: 'changed' | 'peers') =>
    figure(answers / seconds / (serving({ looks, ...sight }, name) || 1));
  return { changed: rate(changed, 'changed'), peers: rate(peers, 'peers') };
}

/** How many hosts of average weight they are as good as. */
function serving({ hosts, weights }: Sight, name: 'changed' | 'peers'): number {
  const all = weights ? weights.changed + weights.peers : 0;
  return weights && all > 0 ? ((hosts.changed + hosts.peers) * weights[name]) / all : hosts[name];
}

type Line = (typeof GROUPS)[number] & { points: Point[] };

/** Colours come from the page, so that one picture is right on light and on dark ground. */
function drawn(drawing: Drawing, lines: Line[], limit: number | null): Html {
  const chart = drawing.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    chart.setOption(option(lines, limit));
    return new Html(chart.renderToSVGString({ useViewBox: true }));
  } finally {
    chart.dispose();
  }
}

const TEXT = { color: 'var(--quiet)', fontFamily: 'system-ui, sans-serif', fontSize: 12 };
const GRID = { lineStyle: { color: 'var(--grid)' } };

function option(lines: Line[], limit: number | null): EChartsOption {
  const last = Math.max(LEAST_STEP, ...lines.flatMap(({ points }) => points.map(([seconds]) => seconds)));
  const minutes = last >= 600;
  const value = { axisLabel: { ...TEXT, formatter: (of: number) => figure(of) }, splitLine: GRID };
  return {
    animation: false,
    backgroundColor: 'transparent',
    grid: { left: 44, right: 12, top: 14, bottom: 40 },
    xAxis: {
      ...{ type: 'value', min: 0, max: last, name: minutes ? 'minutes' : 'seconds', nameLocation: 'middle' },
      ...{ nameGap: 24, nameTextStyle: TEXT, axisLine: GRID, axisTick: GRID, splitLine: { show: false } },
      axisLabel: {
        ...TEXT,
        hideOverlap: true,
        showMaxLabel: false,
        formatter: (of: number) => figure(minutes ? of / 60 : of),
      },
    },
    yAxis: { type: 'value', min: 0, max: ({ max }) => roundUp(Math.max(max, (limit ?? 0) * 1.1)), ...value },
    series: lines.map(({ name, points, width, symbol }) => ({
      ...{ type: 'line', name, data: points, silent: true, emphasis: { disabled: true } },
      ...{ symbol, symbolSize: 4, showSymbol: points.length < 40 },
      ...{ lineStyle: { width, color: `var(--${name})` }, itemStyle: { color: `var(--${name})` } },
      ...(name === 'changed' && limit !== null && { markLine: dashed(limit) }),
    })),
  };
}

const dashed = (limit: number) => ({
  ...{ silent: true, symbol: 'none', data: [{ yAxis: limit }] },
  lineStyle: { type: 'dashed' as const, color: 'var(--bad)', width: 1.5 },
  label: {
    ...TEXT,
    color: 'var(--bad)',
    formatter: `limit ${figure(limit)}`,
    position: 'insideEndTop' as const,
  },
});

/** To where an axis may end. */
function roundUp(value: number): number {
  if (value < NOTHING) return 1;
  const whole = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8].find((one) => one * whole >= value) ?? 10;
  return Number((step * whole).toPrecision(2));
}

const figure = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US');
