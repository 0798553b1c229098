// Owns which SVG is taken as a logo: shapes and text, nothing that runs or comes from elsewhere.

import { everyElement, readXml, type XmlElement, type XmlFault } from '../settings/xml-document.ts';

const SVG = 'http://www.w3.org/2000/svg';
const XHTML = 'http://www.w3.org/1999/xhtml';
/** What runs or holds a page of its own. */
const REFUSED_ELEMENTS = new Set([
  'script',
  'foreignObject',
  'iframe',
  'object',
  'embed',
  'handler',
]);
/** Part of the file itself: a name in it, or a picture or font written out. */
const INSIDE = /^\s*(?:#|data:(?:image\/(?:png|jpe?g|gif|webp)|(?:application\/)?(?:x-)?font\b))/i;
const URLS = /url\(\s*(["']?)([^"')]*)\1\s*\)/gi;
/** Ways of style sheets to name a file that {@link URLS} does not see. */
const OTHER_FILES = /@import|@namespace|image-set\s*\(|\bsrc\s*\(|expression\s*\(/i;

const XML_FAULTS: Readonly<Record<XmlFault, string>> = {
  doctype: 'a DOCTYPE; take the line out',
  too_large: 'too large to be read; simplify it',
  too_complex: 'too many parts to be read; simplify it',
  comment: 'not plain XML; export it as plain SVG',
  malformed: 'not well-formed XML; export it as plain SVG',
};

/**
 * Finds what an SVG must not hold. It is served with a policy that lets none of this run: judged here
 * as well, because a logo that tries is not the one that was meant. Pure.
 *
 * @returns what is wrong and how to mend it, parted by `; `, or undefined for a sound one
 * @throws never
 */
export function findSvgFault(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return 'an SVG that is not UTF-8; save it as UTF-8';
  }
  if (/<\?xml-stylesheet/i.test(text)) return 'a style sheet from elsewhere; put the styles inside';
  const root = readXml(text, 'skipped');
  if ('fault' in root) return XML_FAULTS[root.fault];
  if (root.name !== 'svg' || root.namespace !== SVG) {
    return `no SVG; its first element has to be <svg xmlns="${SVG}">`;
  }
  for (const element of everyElement(root)) {
    const fault = findElementFault(element);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function findElementFault(element: XmlElement): string | undefined {
  const { name, namespace, attributes, text } = element;
  if (namespace === XHTML || REFUSED_ELEMENTS.has(name)) {
    return `an element ${name}; export it as plain SVG`;
  }
  if (name === 'style' && namesFiles(text)) return 'a style from elsewhere; put it inside';
  for (const [written, value] of attributes) {
    const attribute = written.slice(written.indexOf(':') + 1).toLowerCase();
    if (attribute.startsWith('on')) return `an attribute ${written}; take the script out`;
    const isReference = attribute === 'href' || attribute === 'src' || written === 'xml:base';
    if (isReference && !INSIDE.test(value)) return elsewhere(written);
    // An animation could put the reference there afterwards.
    if (attribute === 'attributename' && /(?:^|:)(?:href|on\w+)$/i.test(value.trim())) {
      return elsewhere(written);
    }
    if (namesFiles(value)) return elsewhere(written);
  }
  return undefined;
}

function elsewhere(attribute: string): string {
  return `an attribute ${attribute} that names something elsewhere; put it inside`;
}

function namesFiles(style: string): boolean {
  // A style sheet may write any letter as its number.
  const plain = style.replace(
    /\\(?:([0-9a-f]{1,6})\s?|([^]))/gi,
    (_, code: string, other: string) =>
      code === undefined ? other : String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff)),
  );
  if (OTHER_FILES.test(plain)) return true;
  // What the pattern does not understand is left over, and refused.
  if (/url\s*\(/i.test(plain.replace(URLS, ''))) return true;
  return [...plain.matchAll(URLS)].some(([, , target = '']) => !INSIDE.test(target));
}
