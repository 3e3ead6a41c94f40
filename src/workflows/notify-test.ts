import { setCurrentDetails } from '@temporalio/workflow';
import type { NotifyTestReport } from '../contracts/notifications';
import { testChannels } from './steps/activities';
import { plainly } from './steps/plainly';

/** Sends a test message to the channels of a cluster file, and says what each of them answered. */
export async function notifyTest(input: unknown): Promise<NotifyTestReport> {
  setCurrentDetails('sending a test message, for 10 seconds at most');
  const report = await testChannels
    .executeWithOptions({ summary: 'send a test message' }, [input])
    .catch((error: unknown) => {
      throw plainly(error);
    });
  const rows = report.answers.map(
    ({ channel, delivered, says }) =>
      `- ${delivered ? '✔' : '✖'} **${channel}**: \`${says.replaceAll('`', "'")}\``,
  );
  setCurrentDetails(rows.join('\n'));
  return report;
}
