import { reachHaproxy, signal } from '/work/main/test/adapters/haproxy/reached';
it('m', async () => {
  const at = await reachHaproxy(); await at.reset();
  const time = async (what: string, n: number, act: (i:number) => Promise<unknown>) => { const t: number[] = []; for (let i=0;i<n;i++){const b=performance.now(); await act(i); t.push(performance.now()-b);} t.sort((a,b)=>a-b); console.log(what, 'p50', t[n>>1]!.toFixed(1), 'p95', t[Math.floor(n*.95)]!.toFixed(1)); };
  await time('read', 200, () => at.balancer.backend(at.real.backend, signal));
  await time('set change', 60, (i) => at.set('n1', i%2?{state:'in',weight:100}:{state:'draining'}));
  await time('set same', 60, () => at.set('n1', {state:'in',weight:100}));
  await time('old none', 60, () => at.balancer.oldSessions(at.real.backend,'n1',signal));
  const f={epoch:Date.now()+1,attempt:1};
  await time('set same fence', 60, (i) => at.balancer.set(at.real.backend,'n1', i%2?{state:'in',weight:100}:{state:'draining'},f,signal));
  const r = Array.from({length:9},()=>at.real.request('/?ms=6000')); await new Promise(r=>setTimeout(r,300)); await at.real.reload();
  await time('old some', 60, () => at.balancer.oldSessions(at.real.backend,'n1',signal));
  await Promise.all(r); await at.stop();
}, 60000);
