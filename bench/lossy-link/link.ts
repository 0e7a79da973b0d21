import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LinkOptions {
  /** Connections to this port go over the link; all others are as fast as loopback is. */
  port: number;
  /** Both ways together. */
  roundTripMs: number;
  /** Of packets, each way. */
  lossPercent: number;
  /** Of the choice of the packets that are lost. */
  seed: number;
  /** Where the delayer is built. */
  folder: string;
}

const QUEUE = 1;
/** As an Ethernet has it: loopback's own of 64 KB would make a loss rarer and worse. */
const MTU = 1500;

/**
 * A network namespace in which one port is far away. Congestion control is CUBIC, which most peers use, whatever the machine has as its default: BBR
 * takes little notice of loss.
 */
export class LossyLink {
  /** Put in front of a command, it runs inside. */
  readonly prefix: readonly string[];
  readonly #namespace: string;
  #delayer: ChildProcess | undefined;

  private constructor(namespace: string) {
    this.#namespace = namespace;
    this.prefix = ['ip', 'netns', 'exec', namespace];
  }

  static async open(options: LinkOptions): Promise<LossyLink> {
    const namespace = `dynaferry-${process.pid}-${options.port}`;
    run('ip', 'netns', 'add', namespace);
    const link = new LossyLink(namespace);
    try {
      link.#configure(options.port);
      await link.#startDelayer(options);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#delayer?.exitCode === null) {
      const ended = once(this.#delayer, 'exit');
      this.#delayer.kill();
      await ended;
    }
    run('ip', 'netns', 'del', this.#namespace);
  }

  #configure(port: number): void {
    const inside = ['ip', '-n', this.#namespace] as const;
    run(...inside, 'link', 'set', 'lo', 'up', 'mtu', String(MTU));
    // Or the kernel would hand over many packets as one, and they would be lost together.
    run(...inside, 'link', 'set', 'lo', 'gso_max_segs', '1');
    for (const destination of ['127.0.0.0/8', '127.0.0.1'])
      run(
        ...[...inside, 'route', 'replace', 'table', 'local', 'local', destination, 'dev', 'lo'],
        ...['proto', 'kernel', 'scope', 'host', 'src', '127.0.0.1', 'congctl', 'cubic'],
      );
    // On INPUT: a packet that is lost on OUTPUT is not lost but refused, and TCP sends it again at once.
    for (const side of ['--sport', '--dport'])
      run(
        ...[...this.prefix, 'iptables', '-A', 'INPUT', '-i', 'lo', '-p', 'tcp'],
        ...[side, String(port), '-j', 'NFQUEUE', '--queue-num', String(QUEUE)],
      );
  }

  async #startDelayer({ folder, roundTripMs, lossPercent, seed }: LinkOptions): Promise<void> {
    const program = join(folder, 'delayer');
    const source = fileURLToPath(new URL('./delayer.c', import.meta.url));
    run('gcc', '-O2', source, '-o', program, '-lnetfilter_queue', '-lnfnetlink');
    const [file, ...args] = [
      ...this.prefix,
      ...[program, String(QUEUE), String(roundTripMs / 2), String(lossPercent), String(seed)],
    ];
    const delayer = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#delayer = delayer;
    const [first] = (await Promise.race([once(delayer.stdout, 'data'), once(delayer, 'exit')])) as unknown[];
    if (!Buffer.isBuffer(first)) throw new Error('the delayer does not run: does this kernel have NFQUEUE?');
  }
}

/** Throws where the command fails. */
function run(...[file, ...args]: string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
