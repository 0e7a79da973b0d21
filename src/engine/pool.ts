/**
 * Runs `worker` on every task, `concurrency` at a time, taking tasks as they come. The first failure stops the taking, waits for
 * those under way, and is thrown. `scope` is aborted at that moment, so that workers and a task source that listen to its signal end soon.
 */
export async function runPool<Task>(
  tasks: AsyncIterable<Task> | Iterable<Task>,
  concurrency: number,
  worker: (task: Task) => Promise<void>,
  scope: AbortController,
): Promise<void> {
  const iterator = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  let ended = false;
  const lane = async (): Promise<void> => {
    while (!ended && failure === undefined) {
      try {
        const next = await iterator.next();
        if (next.done === true) ended = true;
        else await worker(next.value);
      } catch (error) {
        failure ??= { error };
        scope.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  if (failure !== undefined) throw failure.error;
}
