// Owns reading XML that others wrote: a strict subset, judged in full before a lenient parser sees it.

/** One element with everything below it. Namespaces are resolved; `xmlns` attributes are gone. */
export interface XmlElement {
  /** Namespace URI; empty for none. */
  readonly namespace: string;
  /** Local name. */
  readonly name: string;
  /** By name as written, prefix included: `ID`, `xsi:type`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, entities decoded, white space kept. */
  readonly text: string;
}

/** Why a document is not read. */
export type XmlFault =
  | 'too_large'
  /** A document type: entities, files and addresses of the sender's choice. */
  | 'doctype'
  /** A comment, CDATA section or processing instruction where none is allowed. */
  | 'comment'
  /** Deeper, wider or with more attributes than any answer that is meant. */
  | 'too_complex'
  | 'malformed';

/** Bytes of UTF-8 a document may have. */
export const MAX_XML_BYTES = 256 * 1024;

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 10_000;
const MAX_ATTRIBUTES = 32;
// xmldom copies all names in scope for every element that declares one more.
const MAX_NAMESPACES = 64;
const NAME = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const ATTRIBUTE = `(${NAME})\\s*=\\s*("[^"<]*"|'[^'<]*')`;
const DECLARATION = /^<\?xml\s[^<>?]*\?>/;
const ASIDE = /<(?:!--(?:(?!--)[^])*-->|\?(?!xml\s)[^<>?]*\?>)/y;
// No space in an end tag: xmldom would take the next element of that name for an empty one.
const TAG = new RegExp(`<(?:/(${NAME})|(${NAME})((?:\\s+${ATTRIBUTE})*)\\s*(/?))>`, 'y');
const TEXT = /[^<]+/y;
// oxlint-disable-next-line no-control-regex -- control characters are what XML forbids in text.
const NOT_IN_TEXT = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\]\]>/;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

interface Open {
  readonly tag: string;
  readonly namespaces: ReadonlyMap<string, string>;
  readonly element: { text: string } & Omit<XmlElement, 'text' | 'children'> & {
      readonly children: XmlElement[];
    };
}

/**
 * Reads an XML document. Pure and linear-time, at any input.
 *
 * The parser that checks signatures repairs what is wrong and takes minutes over a quarter of a
 * megabyte of tags left open, so nothing reaches it that is not plain and well formed: names in
 * ASCII, no document type, no CDATA, at most 32 deep, 32 attributes each, 64 namespaces in scope
 * and 10 000 elements.
 *
 * @param text at most {@link MAX_XML_BYTES} bytes of UTF-8
 * @param asides `skipped` lets comments and processing instructions pass, as metadata has them;
 *   `refused` where a comment could part a name in two
 * @returns the root element, or a {@link XmlFault}
 * @throws never
 * @source security requirement S54
 */
export function readXml(
  text: string,
  asides: 'skipped' | 'refused',
): XmlElement | { readonly fault: XmlFault } {
  if (text.length > MAX_XML_BYTES || new TextEncoder().encode(text).length > MAX_XML_BYTES) {
    return { fault: 'too_large' };
  }
  if (/<!DOCTYPE/i.test(text)) return { fault: 'doctype' };
  const body = text.replace(/^\uFEFF/, '').replace(DECLARATION, '');
  if (asides === 'refused' && /<[!?]/.test(body)) return { fault: 'comment' };
  if (NOT_IN_TEXT.test(body)) return { fault: 'malformed' };
  try {
    return readTree(body);
  } catch (error) {
    if (error instanceof XmlRefusal) return { fault: error.fault };
    throw error;
  }
}

/** An element and everything below it, in document order. */
export function everyElement(root: XmlElement): readonly XmlElement[] {
  return [root, ...root.children.flatMap(everyElement)];
}

/** The children of an element that have this name in this namespace. */
export function childrenNamed(
  element: XmlElement,
  namespace: string,
  name: string,
): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name && child.namespace === namespace);
}

class XmlRefusal extends Error {
  readonly fault: XmlFault;
  constructor(fault: XmlFault) {
    super(fault);
    this.fault = fault;
  }
}

function readTree(body: string): XmlElement {
  const open: Open[] = [];
  const roots: XmlElement[] = [];
  let elements = 0;
  for (let at = 0; at < body.length;) {
    const aside = matchAt(ASIDE, body, at);
    const tag = aside ? null : matchAt(TAG, body, at);
    const text = aside || tag ? null : matchAt(TEXT, body, at);
    const inside = open.at(-1);
    if (tag?.[1] !== undefined) {
      if (open.pop()?.tag !== tag[1]) throw new XmlRefusal('malformed');
    } else if (tag) {
      elements += 1;
      if (open.length >= MAX_DEPTH || elements > MAX_ELEMENTS) throw new XmlRefusal('too_complex');
      const opened = openElement(tag[2]!, tag[3]!, open);
      (inside?.element.children ?? roots).push(opened.element);
      if (tag[6] === '') open.push(opened);
    } else if (text && inside) {
      inside.element.text += decode(text[0]);
    } else if (!aside && text?.[0].trim() !== '') {
      throw new XmlRefusal('malformed');
    }
    at += (aside ?? tag ?? text)![0].length;
  }
  const [root] = roots;
  if (!root || roots.length > 1 || open.length > 0) throw new XmlRefusal('malformed');
  return root;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function openElement(tag: string, written: string, open: readonly Open[]): Open {
  const attributes = new Map<string, string>();
  const namespaces = new Map<string, string>();
  const found = [...written.matchAll(new RegExp(ATTRIBUTE, 'g'))];
  if (found.length > MAX_ATTRIBUTES) throw new XmlRefusal('too_complex');
  for (const [, name = '', quoted = ''] of found) {
    const value = decode(quoted.slice(1, -1));
    const isNamespace = name === 'xmlns' || name.startsWith('xmlns:');
    const into = isNamespace ? namespaces : attributes;
    const key = isNamespace ? name.slice('xmlns:'.length) : name;
    // A bound xml or xmlns prefix means one thing to one parser and another to the next.
    if (into.has(key) || (isNamespace && /^xml(?:ns)?$/.test(key))) {
      throw new XmlRefusal('malformed');
    }
    into.set(key, value);
  }
  const inScope = open.reduce((sum, outer) => sum + outer.namespaces.size, namespaces.size);
  if (inScope > MAX_NAMESPACES) throw new XmlRefusal('too_complex');
  const colon = tag.indexOf(':');
  const prefix = colon < 0 ? '' : tag.slice(0, colon);
  const namespace = resolve(prefix, namespaces, open);
  for (const name of attributes.keys()) {
    if (name.includes(':')) resolve(name.slice(0, name.indexOf(':')), namespaces, open);
  }
  const element = { namespace, name: tag.slice(colon + 1), attributes, children: [], text: '' };
  return { tag, namespaces, element };
}

function resolve(prefix: string, own: ReadonlyMap<string, string>, open: readonly Open[]): string {
  if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace';
  const declared =
    own.get(prefix) ??
    open.findLast((outer) => outer.namespaces.has(prefix))?.namespaces.get(prefix);
  if (prefix !== '' && !declared) throw new XmlRefusal('malformed');
  return declared ?? '';
}

function decode(text: string): string {
  return text.replace(/&([^;&]{0,10};?)/g, (_whole, inner: string) => {
    const code = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));$/.exec(inner);
    const point = code ? parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10) : undefined;
    const named = Object.hasOwn(ENTITIES, inner.slice(0, -1)) && inner.endsWith(';');
    if (named) return ENTITIES[inner.slice(0, -1)]!;
    if (point === undefined || !isCharacter(point)) throw new XmlRefusal('malformed');
    return String.fromCodePoint(point);
  });
}

function isCharacter(point: number): boolean {
  return (
    [0x9, 0xa, 0xd].includes(point) ||
    (point >= 0x20 && point <= 0xd7ff) ||
    (point >= 0xe000 && point <= 0xfffd) ||
    (point >= 0x10000 && point <= 0x10ffff)
  );
}
