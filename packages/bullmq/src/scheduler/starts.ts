/**
 * How often the function of one attempt was started, of which its scheduler learns in three ways: from events, by looking
 * at its job, and from how that ended. An attempt has several jobs when the store loses one. Knows no store.
 */
export class Starts {
  /** Of earlier jobs, which the store has lost or which were put in again. */
  #before = 0;
  /** Of this job, as far as was seen when looking. */
  #seen = 0;
  /** Of all of them, as far as events told. */
  #told = 0;

  /** An event told of one. */
  heard(): void {
    this.#told++;
  }

  /** An event told that there was none after all. */
  takenBack(): void {
    this.#told--;
  }

  /** So many has the job when it is looked at. */
  seen(count: number): void {
    this.#seen = Math.max(this.#seen, count);
  }

  /** There is to be another job after one with so many. `present`: that one is in the store. */
  again(count: number, present: boolean): void {
    this.#before += Math.max(count, this.#seen);
    if (!present) this.#before = Math.max(this.#before, this.#told);
    this.#seen = 0;
  }

  /** All of them, when this job ended after so many, as the worker says that ended it. */
  endedByWorker(count: number): number {
    return Math.max(this.#before + count, this.#told);
  }

  /** All of them, when the store gave this job up after so many. */
  endedByStore(count: number): number {
    return this.#before + count;
  }
}
