/** A host comes into service: started, proven well, then weight after weight beside its peers. */
import type { PlannedConfig, PlannedHost, RampIntent } from '../../contracts/plan';
import { outText } from '../../domain/about';
import { afterStep, type Climb } from '../../domain/ramp';
import { rampStepText } from '../../render/ramp';
import type { Change } from './change';
import { proveServed, stageConfig, switchConfig } from './config-steps';
import { BatchGate, GateFailed } from './gate';
import { HostFailed } from './host-failure';
import { bringTo, proveHealthy, stayHealthy } from './host-steps';
import { markHost, startService } from './service-steps';
import { settleGate } from './settle';
import { forgetUndo, willUndo } from './undo';

type Coming = Change<RampIntent>;

/** Whoever does not come up to its peers is taken out again by its undo; whoever does stays, whatever becomes of the next. */
export async function bringOnline(run: Coming, host: PlannedHost): Promise<void> {
  const { name } = host;
  const { checks, ramp } = run.plan.intent;
  const before = run.plan.observed.hosts[name];
  // should it not get there, everybody is told why it is out
  if (!before?.out) await markHost(run, host, notYet(run, host));
  if (before?.active !== 'active') willUndo(run, { step: 'stopAgain', host: name });
  const config = await sameFiles(run, host);
  await startService(run, host, 'start');
  await proveHealthy(run, host, run.versionOf(host), checks);
  if (config) await proveServed(run, host, config);
  willUndo(run, { step: 'outAgain', host: name });
  const { onWorse } = ramp;
  for (let climb: Climb | 'up' = { at: 0, setbacks: 0 }; climb !== 'up';) {
    const { verdict, why = '' } = await atStep(run, host, climb.at);
    if (verdict === 'again') continue;
    const next = afterStep(climb, verdict === 'worse', { steps: ramp.steps.length, onWorse });
    if (next === 'out') throw new HostFailed(name, 'failed', `${name} is worse than its peers: ${why}`);
    if (verdict === 'worse') run.status.notes.push(`${name} went back one step: ${why}`);
    climb = next;
  }
  await markHost(run, host, null);
  forgetUndo(run, name);
  const { status } = run;
  if (before?.out) status.notes = status.notes.filter((note) => note !== outText(name, before.out!));
}

/** What the others have, where it has something else. */
async function sameFiles(run: Coming, host: PlannedHost): Promise<PlannedConfig | undefined> {
  const { config } = run.plan.intent;
  if (!config?.states[host.name]) return undefined;
  await stageConfig(run, host, config);
  willUndo(run, { step: 'configBack', host: host.name, version: run.versionOf(host) });
  await switchConfig(run, host, config);
  return config;
}

interface Judged {
  verdict: 'well' | 'worse' | 'again';
  /** how it is worse, with the evidence */
  why?: string;
}

/** One weight, and how the host does at it. */
async function atStep(run: Coming, host: PlannedHost, at: number): Promise<Judged> {
  const { percent, seconds } = run.plan.intent.ramp.steps[at]!;
  const share = await bringTo(run, host, fullWeights(run, host), percent);
  const what = rampStepText(host.name, { percent, seconds, share });
  run.enter('soaking', what);
  if (percent === 0) {
    await stayHealthy(run, [host], seconds, what, { traffic: 'draining' });
    return { verdict: 'well' };
  }
  const gate = BatchGate.open(run, [host], `gate of ${host.name} at ${percent} %`, peersOf(run, host));
  try {
    await stayHealthy(run, [host], seconds, what, gate ? { beside: gate.failed } : {});
    await gate?.pass('soaking');
    return { verdict: 'well' };
  } catch (error) {
    if (!(error instanceof GateFailed)) throw error;
    if (error.verdict === 'fail') return { verdict: 'worse', why: error.message };
    // too little is known: that is no fault of the host
    return { verdict: (await settleGate(run, error)) ? 'well' : 'again' };
  } finally {
    gate?.close();
  }
}

function fullWeights(run: Coming, { name }: PlannedHost): Record<string, number> {
  return run.plan.intent.ramp.weights[name] ?? {};
}

function notYet(run: Coming, host: PlannedHost) {
  const since = new Date().toISOString();
  const change = run.status.id;
  return {
    reason: 'not brought into service yet',
    by: change,
    since,
    change,
    weights: fullWeights(run, host),
  };
}

/** Whoever served before, and those that have come to their full weight since. */
function peersOf(run: Coming, host: PlannedHost): PlannedHost[] {
  const { hosts } = run.plan.intent;
  const done = hosts.filter(({ name }) => name !== host.name && run.host(name).state === 'done');
  return [...(run.plan.observed.peers?.hosts ?? []), ...done];
}
