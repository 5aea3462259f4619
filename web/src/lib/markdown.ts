// The little Markdown that people and rules write, as blocks and pieces. Nothing of it becomes HTML:
// a page shows each piece as an element of its own.

export interface Piece {
  kind: 'text' | 'code' | 'strong' | 'link';
  text: string;
}

export type Block =
  | { kind: 'heading' | 'text' | 'quote'; pieces: Piece[] }
  | { kind: 'list'; isNumbered: boolean; items: Piece[][] }
  | { kind: 'code'; language: string; text: string };

/** A longer text is shown as it is. */
const CHARS_MAX = 64_000;
const INLINE = /(`+)(.+?)\1(?!`)|\*\*([^*\n]+)\*\*|(https?:\/\/[^\s<>()[\]"'`]*[^\s<>()[\]"'`.,;:!?])/g;

/** Cuts a line into pieces. */
export function piecesOf(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) found.push({ kind: 'text', text: text.slice(at, match.index) });
    const [all, , code, strong] = match;
    if (code !== undefined) found.push({ kind: 'code', text: code.trim() || code });
    else if (strong !== undefined) found.push({ kind: 'strong', text: strong });
    else found.push({ kind: 'link', text: all });
    at = match.index + all.length;
  }
  if (at < text.length) found.push({ kind: 'text', text: text.slice(at) });
  return found;
}

const BULLET = /^\s{0,3}(?:[-*]|(\d{1,3})[.)])\s+(.*)$/;

/** Cuts a text into blocks. With `keepsLines`, lines break where they were broken. */
export function blocksOf(text: string, keepsLines = false): Block[] {
  if (text.length > CHARS_MAX) return [{ kind: 'code', language: '', text }];
  const blocks: Block[] = [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  let open: string[] = [];
  const flush = () => {
    if (open.length > 0) blocks.push({ kind: 'text', pieces: piecesOf(open.join(keepsLines ? '\n' : ' ')) });
    open = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const fence = /^\s{0,3}(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (fence) {
      flush();
      const code: string[] = [];
      for (at++; at < lines.length && !lines[at]!.trim().startsWith(fence[1]!); at++) code.push(lines[at]!);
      blocks.push({ kind: 'code', language: fence[2]!, text: code.join('\n') });
      continue;
    }
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    const bullet = BULLET.exec(line);
    const quote = /^\s{0,3}>\s?(.*)$/.exec(line);
    if (line.trim() === '') {
      flush();
    } else if (heading) {
      flush();
      blocks.push({ kind: 'heading', pieces: piecesOf(heading[1]!) });
    } else if (bullet) {
      flush();
      const isNumbered = bullet[1] !== undefined;
      const item = [bullet[2]!];
      // What is indented below an item goes on with it.
      while (/^\s{2,}\S/.test(lines[at + 1] ?? '') && !BULLET.test(lines[at + 1] ?? '')) item.push(lines[++at]!.trim());
      const pieces = piecesOf(item.join(' '));
      const last = blocks.at(-1);
      const follows = last?.kind === 'list' && last.isNumbered === isNumbered && (lines[at - item.length] ?? '').trim() !== '';
      if (follows) last.items.push(pieces);
      else blocks.push({ kind: 'list', isNumbered, items: [pieces] });
    } else if (quote) {
      flush();
      blocks.push({ kind: 'quote', pieces: piecesOf(quote[1]!) });
    } else {
      open.push(keepsLines ? line : line.trim());
    }
  }
  flush();
  return blocks;
}
