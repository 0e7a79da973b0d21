import type { ProgressEvent } from '../../index.ts';
import type { Session } from '../session.ts';
import { CopyLine } from './copy-line.ts';
import { noticeText, type ProgressView } from './show-progress.ts';

const REDRAW_MS = 200;
const LINE_MS = 5000;

/** Shows a copy's progress: as JSON lines, as two lines redrawn in place on a terminal, or as a plain line every few seconds. */
export function showCopy(session: Session): ProgressView {
  // The summary comes last, from whoever ran the copy.
  if (session.json)
    return {
      hear: (event) => {
        if (event.type !== 'copy-summary') session.printJson(event);
      },
      close: () => undefined,
    };
  const line = new CopyLine();
  const { screen } = session;
  const draw = (): void => {
    const lines = line.lines(performance.now());
    if (screen.isLive)
      screen.set(lines.map((cells, i) => ({ text: cells.join('  '), ...(i > 0 && { paint: screen.colors.dim }) })));
    else if (lines.length > 0) screen.print(`copy: ${lines.flat().join(', ')}`);
  };
  const timer = setInterval(draw, screen.isLive ? REDRAW_MS : LINE_MS);
  return {
    hear: (event: ProgressEvent) => {
      if (event.type === 'copy') line.hear(event, performance.now());
      else if (event.type === 'notice') screen.print(noticeText(event, false));
    },
    close: () => {
      clearInterval(timer);
      if (screen.isLive) draw();
      screen.close();
    },
  };
}
