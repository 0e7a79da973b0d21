import type { ChangesJob, ChangesMessage, Program } from '../messages.ts';

/** Copies changes until the signal ends it; tells how many are applied by now. */
export type Work = (signal: AbortSignal, onApplied: (changes: number) => void) => Promise<void>;

/** Loads what a job needs. */
const programs: Record<Program, (job: ChangesJob) => Promise<Work>> = {
  dynaferry: async (job) => (await import('./dynaferry.ts')).dynaferryWork(job),
  'loop-batch': async (job) => (await import('./loop.ts')).loopWork(job, 'batch'),
  'loop-put': async (job) => (await import('./loop.ts')).loopWork(job, 'put'),
};

process.once('message', (job: ChangesJob) => void measure(job));

function tell(message: ChangesMessage): void {
  process.send?.(message);
}

async function measure(job: ChangesJob): Promise<void> {
  const work = await programs[job.program](job);
  const stop = new AbortController();
  process.once('message', () => stop.abort());
  const cpu = process.cpuUsage();
  let isTold = false;
  tell({ type: 'began' });
  await work(stop.signal, (changes) => {
    if (job.changes === undefined || changes < job.changes || isTold) return;
    isTold = true;
    tell({ type: 'applied' });
  });
  const { user, system } = process.cpuUsage(cpu);
  tell({ type: 'ended', cpuSeconds: (user + system) / 1e6, rssPeakBytes: process.resourceUsage().maxRSS * 1024 });
  process.disconnect();
}
