import assert from 'node:assert/strict';
import { findSvgFault } from '../../src/tenants/svg.ts';
import { svg } from './pictures.ts';

const faultOf = (text: string) => findSvgFault(Buffer.from(text));

describe('findSvgFault', () => {
  const sound: Readonly<Record<string, string>> = {
    shapes: svg(),
    'a declaration, comments and an editor’s own words': `<?xml version="1.0" encoding="UTF-8"?><!-- made by hand -->${svg(
      '<metadata><r:RDF xmlns:r="urn:r"><r:Work r:resource="http://purl.org/x"/></r:RDF></metadata>',
    )}`,
    'references inside': svg(
      '<defs><linearGradient id="g"/><path id="p"/></defs><use xlink:href="#p" href="#p" fill="url(#g)"/>' +
        `<rect style="fill:url('#g');stroke:url( &quot;#g&quot; )"/>`,
    ),
    styles: svg('<style>.a{fill:#f00;font-family:"A",serif}</style><g class="a"/>'),
    'a picture written out': svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
    'attributes that begin like others': svg(
      '<text font-size="9" opacity=".5" order="1">on</text>',
    ),
  };
  for (const [what, text] of Object.entries(sound)) {
    it(`takes ${what}`, () => assert.equal(faultOf(text), undefined));
  }

  const refused: Readonly<Record<string, string>> = {
    'a script': svg('<script>alert(1)</script>'),
    'a script by another name': svg(
      '<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>',
    ),
    'an HTML element': svg('<img xmlns="http://www.w3.org/1999/xhtml" alt="x"/>'),
    'HTML inside': svg('<foreignObject><p/></foreignObject>'),
    'an event': svg('', 'onload="alert(1)"'),
    'an event further in': svg('<g><path onClick="x"/></g>'),
    'a link': svg('<a href="https://evil.example/"><path/></a>'),
    'a link with script': svg('<a xlink:href="javascript:alert(1)"><path/></a>'),
    'a link with script, hidden': svg('<a href="&#x6a;avascript:alert(1)"><path/></a>'),
    'a picture from elsewhere': svg('<image href="//evil.example/x.png"/>'),
    'a picture beside it': svg('<image href="other.png"/>'),
    'a document written out': svg('<use href="data:image/svg+xml;base64,AAAA#x"/>'),
    'a reference set later': svg('<a><set attributeName="xlink:href" to="javascript:x"/></a>'),
    'an event set later': svg('<set attributeName="onclick" to="x"/>'),
    'a fill from elsewhere': svg('<path fill="url(https://evil.example/#g)"/>'),
    'a style from elsewhere': svg('<path style="fill:url(//evil.example/x)"/>'),
    'a style sheet that imports': svg('<style>@import "//evil.example/x.css";</style>'),
    'a style sheet that imports, spelt in numbers': svg(
      '<style>@\\69mport "//evil.example/x.css";</style>',
    ),
    'an address spelt in numbers': svg('<style>a{fill:\\75 rl(//evil.example/x)}</style>'),
    'a set of pictures': svg('<style>a{mask:image-set("x.png" 1x)}</style>'),
    'an address that is not closed': svg('<style>a{fill:url(//evil.example</style>'),
    'a font from elsewhere': svg('<style>@font-face{src:url(x.woff2)}</style>'),
    'a base from elsewhere': svg('', 'xml:base="https://evil.example/"'),
    'a style sheet named above': `<?xml-stylesheet href="x.css"?>${svg()}`,
    'a DOCTYPE': `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg()}`,
    'another kind of document': '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    'an SVG without its namespace': '<svg viewBox="0 0 1 1"/>',
    'what is not well formed': '<svg xmlns="http://www.w3.org/2000/svg">',
  };
  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what}, and says how to mend it`, () => assert.match(faultOf(text) ?? '', /; \w/));
  }

  it('refuses bytes that are not UTF-8', () => {
    const utf16 = Buffer.from(`\ufeff${svg()}`, 'utf16le');
    assert.match(findSvgFault(utf16) ?? '', /UTF-8/);
  });
});
