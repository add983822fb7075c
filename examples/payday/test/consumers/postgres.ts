/** A real PostgreSQL in a folder of its own, reached by a socket in it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

export interface Postgres {
  /** What psql and drivers read: PGHOST, PGUSER, PGDATABASE. */
  readonly env: Readonly<Record<string, string>>;
  connect(): Promise<pg.Client>;
  /** Ends it with all of its connections, as a power cut would, and starts it again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const DEBIAN = "/usr/lib/postgresql";

export async function startPostgres(): Promise<Postgres> {
  const programs = programsOf();
  const folder = mkdtempSync(join(tmpdir(), "astrum-postgres-"));
  const user = notRoot();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  const init = ["--auth=trust", "--username=postgres", "--no-sync", "--no-locale", "-D", data];
  execFileSync(join(programs, "initdb"), init, { ...user, stdio: "ignore", cwd: folder });
  const options = ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"];
  const start = (): ChildProcess =>
    spawn(join(programs, "postgres"), options, { ...user, stdio: "ignore", cwd: folder });
  let server = start();
  const env = { PGHOST: folder, PGUSER: "postgres", PGDATABASE: "postgres" };
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: folder, user: "postgres", database: "postgres" });
    await client.connect();
    return client;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null) return;
    const gone = once(server, "exit");
    server.kill(signal);
    await gone;
  };
  const restart = async (): Promise<void> => {
    await end("SIGQUIT"); // Without a word to anybody; what is in its log is recovered.
    server = start();
    await ready(server, connect);
  };
  const close = async (): Promise<void> => {
    await end("SIGINT"); // Which ends the connections that are left.
    rmSync(folder, { recursive: true, force: true });
  };
  await ready(server, connect);
  return { env, connect, restart, close };
}

/** Resolves when it takes connections. */
async function ready(server: ChildProcess, connect: () => Promise<pg.Client>): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`);
    try {
      await (await connect()).end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Debian has them beside the path, by version. */
function programsOf(): string {
  try {
    const [newest] = readdirSync(DEBIAN).sort((left, right) => Number(right) - Number(left));
    return join(DEBIAN, newest as string, "bin");
  } catch (cause) {
    throw new Error("These tests need postgresql: .ci/system-packages", { cause });
  }
}

/** PostgreSQL does not run as root: then as the user that its package has made. */
function notRoot(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string): number =>
    Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
