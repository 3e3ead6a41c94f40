import pc from 'picocolors';
import { stackUp } from './stack';

stackUp().then(
  ({ lab, temporal }) => {
    console.log(`
${pc.bold('Everything is up.')} ${lab.hosts.length} hosts in ${lab.subnet}, Temporal at ${temporal.address}
  look      ${temporal.uiUrl}
  upgrade   npx pawl start rollingUpgrade -f examples/lab/rollingUpgrade.json --watch
  check     npx pawl doctor examples/lab/cluster.yaml
  hosts     npm run lab -- status
  end       npm run down`);
  },
  (error: Error) => {
    console.error(pc.red(error.message));
    process.exitCode = 1;
  },
);
