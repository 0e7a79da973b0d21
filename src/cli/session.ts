import pc from 'picocolors';
import { interruptible, type Interruption } from './interrupt.ts';
import { LiveRegion } from './live-region.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  json?: boolean;
  stateDir?: string;
  /** False by --no-color. */
  color: boolean;
}

type Colors = ReturnType<typeof pc.createColors>;

/** One command's connection to the outside: where results, progress and errors go, and what stops it. */
export class Session {
  readonly json: boolean;
  readonly stateDir: string | undefined;
  /** For standard output. */
  readonly colors: Colors;
  /** Standard error, with the lines that are redrawn in place at its end. */
  readonly screen: LiveRegion;
  #interruption: Interruption | undefined;

  constructor({ json = false, stateDir, color }: GlobalOptions) {
    this.json = json;
    this.stateDir = stateDir;
    this.colors = pc.createColors(color && showsColors(process.stdout));
    this.screen = new LiveRegion(process.stderr, pc.createColors(color && showsColors(process.stderr)));
  }

  /** Whoever reads our output may stop reading (`| head`): the work goes on, and what nobody reads is dropped. */
  watchStreams(): void {
    for (const stream of [process.stdout, process.stderr])
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
      });
  }

  /** Aborted by Ctrl-C or SIGTERM. `what` tells what happens then. */
  signal(what: string): AbortSignal {
    this.#interruption ??= interruptible(this.screen, what);
    return this.#interruption.signal;
  }

  /** Columns of standard output; of a file as many as are good to read. */
  get columns(): number {
    return process.stdout.columns ?? 100;
  }

  /** Text for people, on standard output. */
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Text for people that is not a result: nothing where programs read. */
  tell(text: string): void {
    if (!this.json) this.print(text);
  }

  /** One line for programs, on standard output. */
  printJson(value: object): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Gives signals and cursor back. */
  close(): void {
    this.#interruption?.dispose();
    this.screen.close();
  }
}

/** https://no-color.org: any value but the empty one. */
function showsColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}
