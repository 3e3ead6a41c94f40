/** What Prometheus would read: values by name and labels of ours; Temporal's own labels are left out. */
export async function scrape(address: string): Promise<Record<string, number>> {
  const response = await fetch(`http://${address}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => /^(pawl|temporal)_/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const ours = labels.split(',').filter((label) => /^(end|kind|how|out|activity|le)=/.test(label));
      return [[name, ...ours].join(' '), Number(value)];
    }),
  );
}
