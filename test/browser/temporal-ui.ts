/** Temporal's web interface, through a real browser: what a person can do there, and nothing else. */
import type { Browser, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { join } from 'node:path';
import { installedBrowser } from '../../lab/browser';
import { stateDir } from '../../lab/paths';
import { TASK_QUEUE } from '../../src/contracts/messages';

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE_MS = 30_000;
const LOOK_MS = 250;

export class TemporalUi {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly url: string,
  ) {}

  /** @param url of the web interface */
  static async open(url: string): Promise<TemporalUi> {
    const executablePath = installedBrowser();
    if (!executablePath) throw new Error('no browser is installed');
    const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    const context = await browser.newContext({
      viewport: { width: 1_400, height: 1_000 },
      timezoneId: 'UTC',
      locale: 'en-US',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    // its news, and nothing else, comes from outside
    await context.route('https://**', (route) => route.abort());
    const ui = new TemporalUi(browser, await context.newPage(), `${url}/namespaces/default`);
    await ui.untilReady();
    return ui;
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** A server that has just started may say 500, and ask for a refresh. */
  private async untilReady(): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; ;) {
      await this.page.goto(`${this.url}/workflows`);
      const start = this.page.getByRole('link', { name: 'Start Workflow' });
      if (
        await start
          .or(this.page.getByText('Internal Error'))
          .waitFor()
          .then(() => start.isVisible())
      )
        return;
      if (Date.now() > end) throw new Error("Temporal's web interface does not come up");
    }
  }

  /** What a person would see when it fails stands in a picture beside the other results of the tests. */
  async scene(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const path = join(stateDir, 'test', `${name}.png`);
      await this.page.screenshot({ path }).catch(() => undefined);
      throw new Error(`${(error as Error).message}\n(see ${path})`, { cause: error });
    }
  }

  // --- starting

  /** Types a whole start form, and follows it to the page of the run. */
  async start(id: string, input: object): Promise<void> {
    await this.page.goto(`${this.url}/workflows`);
    await this.page.getByRole('link', { name: 'Start Workflow' }).click();
    await this.page.getByLabel('Workflow ID').fill(id);
    await this.page.getByLabel('Task Queue').fill(TASK_QUEUE);
    await this.page.getByLabel('Workflow Type').fill('rollingUpgrade');
    await this.typeJson(this.page.locator('body'), input);
    await this.page.getByRole('button', { name: 'Start Workflow' }).click();
    await this.page.getByRole('link', { name: 'Workflow started successfully' }).click();
    await this.page.getByTestId('workflow-id-heading').waitFor();
  }

  /**
   * A click into the editor, then the JSON. On leaving, the UI breaks it into lines, which moves the buttons
   * below: a click on one of them would hit nothing.
   */
  private async typeJson(within: Locator, json: object): Promise<void> {
    const editor = within.getByRole('textbox', { name: 'Data' });
    await editor.click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.insertText(JSON.stringify(json));
    await editor.blur();
  }

  // --- following

  async openRun(id: string): Promise<void> {
    await this.page.goto(`${this.url}/workflows/${id}`);
    await this.page.getByTestId('workflow-id-heading').waitFor();
  }

  /** The text of Current Details, read anew until it is as wanted. */
  async details(wanted: RegExp): Promise<string> {
    await this.page.getByTestId('user-metadata-tab').click();
    const frame = this.page.frameLocator('#user-metadata-current-details').locator('main');
    let text = '';
    for (const end = Date.now() + 30_000; Date.now() < end; await this.page.waitForTimeout(LOOK_MS)) {
      text = await frame.innerText().catch(() => '');
      if (wanted.test(text)) return text;
      await this.page.keyboard.press('r');
    }
    throw new Error(`Current Details did not come to ${wanted}:\n${text}`);
  }

  /** RUNNING, COMPLETED, FAILED. */
  async badge(wanted: string): Promise<void> {
    const badge = this.page.getByTestId('execution-status').filter({ visible: true });
    await badge.getByText(wanted, { exact: true }).waitFor();
  }

  // --- messages

  /** Sends an update; the dialog closes when it is taken. */
  async update(name: string, payload: object): Promise<void> {
    const dialog = await this.fillUpdate(name, payload);
    await dialog.getByTestId('confirm-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }

  async fillUpdate(name: string, payload: object): Promise<Locator> {
    const dialog = await this.dialog('update');
    await dialog.getByTestId('update-select-button').click();
    await dialog.getByRole('option', { name: new RegExp(`^\\s*${name}\\b`) }).click();
    await this.typeJson(dialog, payload);
    return dialog;
  }

  private async dialog(kind: 'update' | 'signal'): Promise<Locator> {
    await this.page.getByRole('button', { name: 'More Actions' }).filter({ visible: true }).click();
    await this.page.getByTestId(`${kind}-button`).filter({ visible: true }).click();
    const dialog = this.page.getByTestId(`${kind}-confirmation-modal`).filter({ visible: true });
    await dialog.waitFor();
    return dialog;
  }
}
