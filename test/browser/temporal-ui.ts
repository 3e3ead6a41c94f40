/** Temporal's web interface, through a real browser: what a person can do there, and nothing else. */
import type { Browser, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { join } from 'node:path';
import { installedBrowser } from '../../lab/browser';
import { run } from '../../lab/hosts/command';
import { root, stateDir } from '../../lab/paths';
import { TASK_QUEUE } from '../../src/contracts/messages';

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WIDTH = 1_400;
const HEIGHT = 1_000;
const PATIENCE_MS = 60_000;
const LOOK_MS = 250;

interface Drawn {
  parentElement: Drawn | null;
}

/** In the page: the colour that an element stands on. */
function colourBehind(element: Drawn): string {
  const { getComputedStyle } = globalThis as unknown as {
    getComputedStyle: (of: Drawn) => { backgroundColor: string };
  };
  for (let at: Drawn | null = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
  }
  return '';
}

export class TemporalUi {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    /** of the namespace */
    readonly url: string,
  ) {}

  /** @param url of the web interface */
  static async open(url: string): Promise<TemporalUi> {
    const executablePath = installedBrowser();
    if (!executablePath) throw new Error('no browser is installed');
    const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    const context = await browser.newContext({
      viewport: { width: WIDTH, height: HEIGHT },
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

  /** How it looks now, for whoever wants to see it, beside the other results of the tests. */
  async look(name: string): Promise<void> {
    await this.page.screenshot({ path: join(stateDir, 'test', `${name}.png`), fullPage: true });
  }

  /** For the documentation, where PAWL_PICTURES names a folder for them. */
  async picture(name: string, height = 1_000): Promise<void> {
    const folder = process.env['PAWL_PICTURES'];
    if (!folder) return;
    await this.page.setViewportSize({ width: WIDTH, height });
    // toasts go away after a few seconds
    await this.page.waitForTimeout(6_000);
    const path = join(root, folder, `${name}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
    await run('pngquant', ['--force', '--strip', '--ext', '.png', '64', path]);
    await this.page.setViewportSize({ width: WIDTH, height: HEIGHT });
  }

  // --- starting

  /** Types a whole start form, and follows it to the page of the run. */
  async start(id: string, input: object, type = 'rollingUpgrade'): Promise<void> {
    await this.page.goto(`${this.url}/workflows`);
    await this.page.getByRole('link', { name: 'Start Workflow' }).click();
    await this.page.getByLabel('Workflow ID').fill(id);
    await this.page.getByLabel('Task Queue').fill(TASK_QUEUE);
    await this.page.getByLabel('Workflow Type').fill(type);
    await this.typeJson(this.page.locator('body'), JSON.stringify(input));
    await this.submitStart();
  }

  /** The start form as a link fills it in: its JSON. */
  async openForm(link: string): Promise<string> {
    await this.page.goto(link);
    const editor = this.page.getByRole('textbox', { name: 'Data' });
    await editor.getByText('{').first().waitFor();
    return editor.innerText();
  }

  /** Starts what the form shows under an id, with another JSON where one is given. */
  async startFromForm(id: string, input?: object): Promise<void> {
    await this.page.getByLabel('Workflow ID').fill(id);
    if (input) await this.typeJson(this.page.locator('body'), JSON.stringify(input));
    await this.submitStart();
  }

  private async submitStart(): Promise<void> {
    await this.page.getByTestId('start-workflow-button').filter({ visible: true }).click();
    await this.page.getByRole('link', { name: 'Workflow started successfully' }).click();
    await this.page.getByTestId('workflow-id-heading').waitFor();
  }

  /**
   * A click into the editor, then the JSON. On leaving, the UI breaks it into lines, which moves the buttons
   * below: a click on one of them would hit nothing.
   */
  private async typeJson(within: Locator, json: string): Promise<void> {
    const editor = within.getByRole('textbox', { name: 'Data' });
    await editor.click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.insertText(json);
    await editor.blur();
  }

  // --- following

  async openRun(id: string): Promise<void> {
    await this.page.goto(`${this.url}/workflows/${id}`);
    await this.page.getByTestId('workflow-id-heading').waitFor();
  }

  async openList(query = ''): Promise<void> {
    await this.page.goto(`${this.url}/workflows?query=${encodeURIComponent(query)}`);
    await this.page
      .getByText(/^\d+ Workflows?/)
      .first()
      .waitFor();
  }

  /** *Configure Columns*, as the browser keeps them. */
  async columns(add: readonly string[], remove: readonly string[]): Promise<void> {
    await this.page.getByTestId('workflows-summary-table-configuration-button').click();
    for (const name of remove)
      await this.page.getByTestId(`orderable-list-item-${name}-remove-button`).click();
    for (const name of add) await this.page.getByTestId(`orderable-list-item-${name}-add-button`).click();
    await this.page.getByTestId('drawer-close-button').filter({ visible: true }).click();
  }

  /** The text of Current Details, read anew until it is as wanted. */
  async details(wanted: RegExp, withinMs = 60_000): Promise<string> {
    await this.page.getByTestId('user-metadata-tab').click();
    const frame = this.page.frameLocator('#user-metadata-current-details').locator('main');
    let text = '';
    for (const end = Date.now() + withinMs; Date.now() < end; await this.page.waitForTimeout(LOOK_MS)) {
      text = await frame.innerText({ timeout: 5_000 }).catch(() => '');
      if (wanted.test(text)) return text;
      await this.page.keyboard.press('r');
    }
    throw new Error(`Current Details did not come to ${wanted}:\n${text}`);
  }

  /** The Details beside Current Details. */
  async manual(): Promise<string> {
    await this.page.getByTestId('user-metadata-tab').click();
    return this.page.frameLocator('#user-metadata-details').locator('main').innerText();
  }

  /** What a tab shows, once it is as wanted. */
  async tab(name: string, wanted: RegExp): Promise<string> {
    await this.page.getByTestId(`${name}-tab`).click();
    const content = this.page.locator('#content');
    await content.getByText(wanted).first().waitFor();
    return content.innerText();
  }

  /** Running, Completed, Failed. */
  async badge(wanted: string): Promise<void> {
    const badge = this.page.getByTestId('execution-status').filter({ visible: true });
    await badge.getByText(wanted, { exact: true }).waitFor();
  }

  // --- messages

  /** Sends an update; the dialog closes when it is taken. */
  async update(name: string, payload: string): Promise<void> {
    const dialog = await this.fillIn('update', name, payload);
    await dialog.getByTestId('confirm-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }

  async signal(name: string, payload: string): Promise<void> {
    const dialog = await this.fillIn('signal', name, payload);
    await dialog.getByTestId('confirm-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }

  /** The messages that a dialog offers, with what is said of them. */
  async offered(kind: 'update' | 'signal'): Promise<string[]> {
    const dialog = await this.dialog(kind);
    await dialog.getByTestId(`${kind}-select-button`).click();
    await dialog.getByRole('option').first().waitFor();
    await this.picture(`temporal-ui-${kind}s`);
    const offered = await dialog.getByRole('option').allInnerTexts();
    await this.page.keyboard.press('Escape');
    await this.closed(dialog);
    return offered;
  }

  /** Sends an update that is refused. */
  async refused(name: string, payload: string, why: string): Promise<{ text: string; background: string }> {
    const dialog = await this.fillIn('update', name, payload);
    await dialog.getByTestId('confirm-modal-button').click();
    const words = dialog.getByText(why).first();
    await words.waitFor();
    await this.picture('temporal-ui-refused');
    const background = await words.evaluate(colourBehind as (element: unknown) => string);
    const text = await dialog.innerText();
    await this.closed(dialog);
    return { text, background };
  }

  /** *Request Cancellation*, and yes. */
  async requestCancellation(): Promise<void> {
    await this.page.getByRole('button', { name: 'Request Cancellation' }).filter({ visible: true }).click();
    const dialog = this.page.getByTestId('cancel-confirmation-modal').filter({ visible: true });
    await dialog.getByTestId('confirm-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }

  private async fillIn(kind: 'update' | 'signal', name: string, payload: string): Promise<Locator> {
    const dialog = await this.dialog(kind);
    await dialog.getByTestId(`${kind}-select-button`).click();
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

  private async closed(dialog: Locator): Promise<void> {
    if (await dialog.isVisible()) await dialog.getByTestId('cancel-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }
}

/** The JSON that Current Details show for an answer, as a person copies it. */
export function answerIn(details: string, message: string): [string, string] {
  const [, json] = new RegExp(`${message}:\\s+(\\{.*\\})`).exec(details) ?? [];
  if (!json) throw new Error(`no ${message} in\n${details}`);
  return [message, json];
}
