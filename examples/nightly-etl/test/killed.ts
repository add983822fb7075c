/**
 * Loaded before the example: takes its process down, as kill -9 does, at one of its transactions. `KILLED=before 2` is when
 * the second has done its work and is not committed, `after 2` when it is, and nobody has heard of it.
 */
import Database from "libsql";

const [when, which] = (process.env.KILLED ?? "").split(" ");
const { transaction } = Database.prototype;
let begun = 0;

Database.prototype.transaction = function (this: Database.Database, work) {
  const killIf = (here: string): void => {
    if (when === here && begun === Number(which)) process.kill(process.pid, "SIGKILL");
  };
  const run = transaction.call(this, () => {
    begun++;
    work();
    killIf("before");
  });
  return (() => {
    run();
    killIf("after");
  }) as ReturnType<typeof transaction<typeof work>>;
};
