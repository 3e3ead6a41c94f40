/** A schedule in Temporal's web interface: what a person does with it there. */
import type { Locator } from 'playwright-core';
import type { TemporalUi } from './temporal-ui';

const PATIENCE_MS = 60_000;
const REDRAW_MS = 3_000;

export class TemporalSchedule {
  constructor(
    private readonly ui: TemporalUi,
    private readonly id: string,
  ) {}

  /**
   * Looks for it in the list of schedules, and opens it there.
   *
   * @returns what the list says of it
   */
  async open(): Promise<string> {
    const { page, url } = this.ui;
    const link = page.getByRole('link', { name: this.id, exact: true });
    await this.drawn(`${url}/schedules`, link);
    const said = await page.getByRole('row').filter({ has: link }).innerText();
    await link.click();
    await this.shown();
    return said;
  }

  /** *Edit*: what is there cannot be edited, only replaced. */
  async replaceTimes(cron: string): Promise<void> {
    const { page } = this.ui;
    await this.choose('edit-schedule');
    await page.getByRole('button', { name: 'Add another' }).click();
    await page.getByRole('textbox', { name: 'Cron expression' }).fill(cron);
    await page.getByRole('button', { name: 'Delete', exact: true }).first().click();
    await page.getByTestId('create-schedule-button').click();
    await this.shown();
  }

  async pause(reason: string): Promise<void> {
    const { page } = this.ui;
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    const dialog = page.locator('#pause-schedule-modal');
    await dialog.getByLabel('Reason').fill(reason);
    await this.confirm(dialog);
    await page.getByRole('button', { name: 'Unpause', exact: true }).waitFor();
  }

  /** *Trigger*, with the overlap policy that the schedule has. */
  async trigger(): Promise<void> {
    await this.choose('trigger-schedule');
    await this.confirm(this.ui.page.locator('#trigger-schedule-modal'));
  }

  /** A click on the newest of its recent runs. */
  async openRun(id: RegExp): Promise<void> {
    const { page, url } = this.ui;
    const run = page.getByRole('link', { name: id }).first();
    await this.drawn(`${url}/schedules/${this.id}`, run);
    await run.click();
    await page.getByTestId('workflow-id-heading').waitFor();
  }

  private async choose(item: string): Promise<void> {
    const { page } = this.ui;
    await page.getByRole('button', { name: 'Schedule Actions' }).click();
    await page.getByTestId(item).click();
  }

  private async confirm(dialog: Locator): Promise<void> {
    await dialog.getByTestId('confirm-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }

  private shown(): Promise<void> {
    return this.ui.page.getByTestId('schedule-name').getByText(this.id).waitFor();
  }

  /** Lists show what there was when they were drawn. */
  private async drawn(address: string, wanted: Locator): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      await this.ui.page.goto(address);
      const there = wanted.waitFor({ timeout: REDRAW_MS });
      if (await there.then(() => true).catch(() => false)) return;
    }
    throw new Error(`${address} does not show it`);
  }
}
