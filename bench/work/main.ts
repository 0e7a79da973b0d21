import type { Job, Measured, Program } from '../messages.ts';

/** Does a job, and resolves with how many items it was about. What happens before it is called is not measured. */
export type Work = () => Promise<number>;

/** Loads what a job needs. */
const programs: Record<Program, (job: Job) => Promise<Work>> = {
  'dynaferry-export': async (job) => (await import('./dynaferry.ts')).exportWork(job),
  'dynaferry-load': async (job) => (await import('./dynaferry.ts')).loadWork(job),
  'dynaferry-both': async (job) => (await import('./dynaferry.ts')).bothWork(job),
  'loop-export': async (job) => (await import('./loop-export.ts')).exportWork(job),
  'loop-load': async (job) => (await import('./loop-load.ts')).loadWork(job),
};

process.once('message', (job: Job) => {
  void measure(job).then((measured) => process.send?.(measured, () => process.exit()));
});

async function measure(job: Job): Promise<Measured> {
  const work = await programs[job.program](job);
  const rssStartBytes = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const items = await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    cpuSeconds: (user + system) / 1e6,
    seconds,
    rssStartBytes,
    rssPeakBytes: process.resourceUsage().maxRSS * 1024,
    items,
  };
}
