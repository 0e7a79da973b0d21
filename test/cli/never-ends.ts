import { interruptible } from '../../src/cli/interrupt.ts';

// A program that cannot be stopped but by a second Ctrl-C. Its clock says how far apart the two are: as many milliseconds as the argument.
let clockMs = 0;
const apartMs = Number(process.argv[2]);
interruptible(
  { print: (text) => console.error(text), close: () => undefined },
  'stopping: saving progress',
  () => (clockMs += apartMs),
);
setInterval(() => undefined, 1000);
console.log('ready');
