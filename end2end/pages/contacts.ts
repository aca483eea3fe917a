import { expect, type Locator, type Page } from '@playwright/test';
import type { Draft } from '../fixtures/book.ts';

export type FieldName = 'Name' | 'Email' | 'Phone' | 'Company' | 'Notes';

const LABELS: Record<keyof Draft, FieldName> = {
  name: 'Name',
  email: 'Email',
  phone: 'Phone',
  company: 'Company',
  notes: 'Notes',
};

/** `/contacts` and the addresses below it, in the words of the person who uses it. */
export class ContactsPage {
  readonly list: Locator;
  readonly orders: Locator;
  readonly letters: Locator;
  readonly rows: Locator;
  readonly count: Locator;
  readonly search: Locator;
  readonly new: Locator;
  readonly pane: Locator;
  readonly title: Locator;
  readonly problem: Locator;
  readonly back: Locator;
  readonly notice: Locator;
  readonly undo: Locator;
  readonly welcome: Locator;
  readonly preview: Locator;
  readonly activities: Locator;
  readonly stopped: Locator;

  constructor(
    readonly page: Page,
    /** Whether the browser runs scripts, so that the page comes alive. */
    readonly scripts: boolean,
  ) {
    this.list = page.getByRole('region', { name: 'Contacts' });
    this.orders = page.getByRole('navigation', { name: 'Order' });
    this.letters = page.getByRole('navigation', { name: 'First letters' });
    this.rows = this.list.getByRole('listitem').getByRole('link');
    this.count = this.list.getByRole('status');
    this.search = page.getByRole('searchbox', { name: 'Search contacts' });
    this.new = page.getByRole('link', { name: 'New contact' });
    // Beside the list, or the whole of a page that has none.
    this.pane = page.getByRole('region', { name: 'Details' }).or(page.locator('main.page'));
    this.title = this.pane.getByRole('heading', { level: 1 });
    this.problem = this.pane.getByRole('alert');
    this.back = this.pane.getByRole('link', { name: 'Contacts', exact: true });
    this.notice = page.getByRole('status').filter({ hasText: 'is in the trash.' });
    this.welcome = this.pane.getByRole('checkbox', { name: 'Send a welcome email' });
    this.preview = this.pane.getByRole('group').filter({ hasText: 'Preview' });
    this.stopped = page.getByRole('alert').filter({ hasText: 'This page has stopped working' });
    this.activities = this.pane.getByRole('region', { name: 'Activity' }).getByRole('listitem');
    this.undo = page.getByRole('button', { name: 'Undo' });
  }

  /** Opens an address and waits until the page can be used. */
  async goto(address: string): Promise<void> {
    await this.page.goto(address);
    await this.ready();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  async ready(): Promise<void> {
    if (this.scripts) {
      await hydrated(this.page);
    }
  }

  /** Searches as a reader does who types. With scripts, Enter would open the only contact that has been found by then. */
  async find(text: string): Promise<void> {
    await this.search.fill(text);
    if (!this.scripts) {
      await this.search.press('Enter');
    }
  }

  row(name: string): Locator {
    return this.rows.filter({ hasText: name });
  }

  field(name: FieldName): Locator {
    return this.pane.getByRole('textbox', { name, exact: true });
  }

  button(name: string): Locator {
    return this.pane.getByRole('button', { name });
  }

  /** A link of this name. One that leads to a question or to more has an ellipsis behind it. */
  link(name: string): Locator {
    const links = [name, `${name}…`].map((name) => this.pane.getByRole('link', { name, exact: true }));
    return links[0]!.or(links[1]!);
  }

  async fill(draft: Partial<Draft>): Promise<void> {
    for (const [key, value] of Object.entries(draft)) {
      await this.field(LABELS[key as keyof Draft]).fill(value);
    }
  }

  async expectFields(draft: Partial<Draft>): Promise<void> {
    for (const [key, value] of Object.entries(draft)) {
      await expect(this.field(LABELS[key as keyof Draft])).toHaveValue(value);
    }
  }

  /** A field that is marked as wrong and says why, to eyes and ears. */
  async expectWrong(name: FieldName, message: string): Promise<void> {
    await expect(this.field(name)).toHaveAttribute('aria-invalid', 'true');
    await expect(this.field(name)).toHaveAccessibleDescription(message);
    await expect(this.pane.getByText(message)).toBeVisible();
  }

  /** Goes back to the list where the screen shows one of the two. */
  async showList(): Promise<void> {
    if (await this.back.isVisible()) {
      await this.back.click();
    }
    await expect(this.search).toBeVisible();
  }
}

/** Waits until the islands of the page are alive. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
}
