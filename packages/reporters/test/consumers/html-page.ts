/** An HTML report in a real browser without a network, and everything it did that it should not do. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface OpenPage {
  readonly page: Page;
  /** Addresses asked for, the page's own first. */
  readonly requests: readonly string[];
  /** Console messages, uncaught errors and dialogs. */
  readonly complaints: readonly string[];
}

/** From a file, as people open it. `use` is handed the page when its script is ready, or at once when scripts are off. */
export async function withPage<T>(
  browser: Browser,
  html: string,
  use: (open: OpenPage) => Promise<T>,
  options: BrowserContextOptions & { readonly hash?: string; readonly naive?: boolean } = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "astrum-html-"));
  const file = join(folder, "run.html");
  writeFileSync(file, html);
  try {
    const { hash = "", naive = false, ...context } = options;
    return await withAddress(browser, pathToFileURL(file).href + hash, context, async (open) => {
      if (context.javaScriptEnabled !== false && !naive) await ready(open.page);
      return use(open);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From a server that sends a policy of its own, as Jenkins serves artefacts. */
export async function withServedPage<T>(
  browser: Browser,
  html: string,
  policy: string,
  use: (open: OpenPage) => Promise<T>,
): Promise<T> {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.setHeader("Content-Security-Policy", policy);
    response.end(html);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const { port } = server.address() as AddressInfo;
    return await withAddress(browser, `http://127.0.0.1:${port}/run.html`, {}, use);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

async function withAddress<T>(
  browser: Browser,
  address: string,
  options: BrowserContextOptions,
  use: (open: OpenPage) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(address);
    return await use({ page, requests, complaints });
  } finally {
    await context.close();
  }
}

async function ready(page: Page): Promise<void> {
  const empty = await page.evaluate("document.getElementById('explorer') === null");
  if (empty !== true) await page.waitForSelector("html[data-ready]");
}
