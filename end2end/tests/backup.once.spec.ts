import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { Kith, program } from '../fixtures/kith.ts';

/** Runs a command of the program on the data in a folder. */
async function run(data: string, ...command: string[]): Promise<void> {
  const env = { KITH_DATA_DIR: data };
  await promisify(execFile)(program(), ['--config', '/dev/null', ...command], { env });
}

test('the queue of a restored database waits until an admin resumes it', async ({ page }) => {
  const data = await mkdtemp(join(tmpdir(), 'kith-e2e-backup-'));
  const settings = { KITH_DATA_DIR: data };
  const backup = join(data, 'backup.db');
  let kith = await Kith.start(settings);
  try {
    await page.goto(`${kith.origin}/dashboard`);
    const last = page.locator('#system-backup');
    await expect(last).toContainText('none yet');
    await run(data, 'backup', backup);
    await expect(last).toContainText('in backup.db.', { timeout: 15_000 });
    await kith.stop();
    await run(data, 'restore', backup);

    kith = await Kith.start(settings);
    await page.goto(`${kith.origin}/dashboard`);
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
    const paused = page.locator('#queue-paused');
    await expect(paused).toContainText('The queue is paused since');
    await expect(paused).toContainText('restored from a backup');
    await paused.getByRole('button', { name: 'Resume the queue' }).click();
    await expect(page.locator('#notice')).toHaveText(/^Queue resumed/);
    await expect(paused).toHaveCount(0);
  } finally {
    await kith.stop();
    await rm(data, { recursive: true, force: true });
  }
});
