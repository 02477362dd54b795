// The HTML of a notification as a tree of the few elements that may be in it. The server has cleaned it already; what is
// not on the list here is left out all the same, so nothing of it is ever given to the browser as HTML.

/** A text, or an element with what is in it. */
export type Piece = string | { tag: string; href?: string; inside: Piece[] };

const known = new Set(['p', 'a', 'strong', 'b', 'em', 'i', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'br', 'hr']);
const single = new Set(['br', 'hr']);
/** Elements whose contents are no text for people. */
const silent = new Set(['script', 'style', 'template', 'title', 'iframe', 'object', 'svg', 'math']);

const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,8}));/gi, (whole, decimal, hex, name) => {
    if (name) return names[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : '';
  });
}

/** An address that may be followed: of the web, of mail, or within this origin. */
export function safeAddress(address: string | undefined): string | undefined {
  if (!address) return undefined;
  try {
    const { protocol } = new URL(address, 'https://here.invalid/');
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** The tree of a text. */
export function piecesOf(html: string): Piece[] {
  const root: Piece[] = [];
  const open: { tag: string; inside: Piece[] }[] = [];
  let skip: string | undefined;
  const into = () => open.at(-1)?.inside ?? root;
  for (const [part] of html.matchAll(/<!--[\s\S]*?(?:-->|$)|<\/?[a-z][^<>]*>?|[^<]+|</gi)) {
    if (part.startsWith('<!--')) continue;
    const [, end, name, attributes] = /^<(\/?)([a-z][a-z0-9]*)([^<>]*)>?$/i.exec(part) ?? [];
    const tag = name?.toLowerCase();
    if (tag === undefined) {
      if (!skip) into().push(decoded(part));
    } else if (skip) {
      if (end && tag === skip) skip = undefined;
    } else if (silent.has(tag)) {
      if (!end) skip = tag;
    } else if (known.has(tag)) {
      if (end) {
        const at = open.map((one) => one.tag).lastIndexOf(tag);
        if (at >= 0) open.length = at;
      } else {
        const href = tag === 'a' ? safeAddress(decoded(/\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(attributes ?? '')?.slice(1).find(Boolean) ?? '')) : undefined;
        const element = { tag, ...(href ? { href } : {}), inside: [] };
        into().push(element);
        if (!single.has(tag)) open.push(element);
      }
    }
  }
  return root;
}

/** The text alone, in one line. */
export function textOf(pieces: Piece[]): string {
  const text = (all: Piece[]): string => all.map((piece) => (typeof piece === 'string' ? piece : ['p', 'li', 'br', 'pre'].includes(piece.tag) || /^h\d$/.test(piece.tag) ? `${text(piece.inside)} ` : text(piece.inside))).join('');
  return text(pieces).replace(/\s+/g, ' ').trim();
}
