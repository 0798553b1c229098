// Owns the pages of the preview itself: the list, a mail with its headers, faults, and the answer to
// whatever would do something. Their words are the admin's, as those of the command line.

import { readFileSync } from 'node:fs';
import ejs from 'ejs';
import type { composeMail } from '../mail/transport.ts';
import type { Entry } from './catalogue.ts';

/** A language to look at, by its own name. */
interface ShownLanguage {
  readonly locale: string;
  readonly name: string;
}

/** What each of them shows. */
export interface FrameModels {
  readonly index: {
    readonly tenantName: string;
    readonly notices: readonly string[];
    readonly kinds: readonly {
      readonly title: string;
      readonly path: string;
      readonly groups: readonly { readonly title: string; readonly entries: readonly Entry[] }[];
    }[];
    readonly locale: string;
    readonly languages: readonly ShownLanguage[];
    /** Query of the links, with its question mark; '' for the browser's own language. */
    readonly query: string;
  };
  readonly mail: {
    readonly title: string;
    readonly shows: string;
    readonly message: ReturnType<typeof composeMail>;
    readonly htmlPath: string;
    readonly locale: string;
    readonly languages: readonly ShownLanguage[];
  };
  readonly faults: { readonly faults: readonly string[] };
  /** `back` is the path of the page whose button was pressed, null when not known. */
  readonly nothing: { readonly back: string | null; readonly found: boolean };
}

/** Draws a page of the preview itself. */
export type DrawFrame = <Name extends keyof FrameModels>(
  name: Name,
  model: FrameModels[Name],
) => string;

/** Reads `views/preview` once. */
export function createFrame(
  directory: URL = new URL('../../views/preview/', import.meta.url),
): DrawFrame {
  const compile = (name: string) =>
    ejs.compile(readFileSync(new URL(`${name}.ejs`, directory), 'utf8'), {
      strict: true,
      localsName: 'it',
      compileDebug: false,
    });
  const frame = compile('frame');
  const views = {
    index: compile('index'),
    mail: compile('mail'),
    faults: compile('faults'),
    nothing: compile('nothing'),
  };
  const titles = {
    index: 'Preview',
    mail: 'Mail – Preview',
    faults: 'Faults – Preview',
    nothing: 'Nothing was done – Preview',
  };
  return (name, model) => frame({ title: titles[name], body: views[name](model) });
}
