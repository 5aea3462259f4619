// Colours for code: comments, strings, numbers, keywords. One line at a time and without a grammar:
// a line of a difference has nothing around it that a grammar could stand on.

export interface Token {
  /** `c` comment, `s` string, `n` number, `k` keyword, `t` type; the empty text is anything else. */
  kind: 'c' | 's' | 'n' | 'k' | 't' | '';
  text: string;
}

const KEYWORDS = new Set(
  (
    'abstract and as async await begin break case catch class const continue def default defer del do done ' +
    'elif else elseif elsif end enum except export extends extern false fi final finally fn for foreach from fun func ' +
    'function global go goto if impl implements import in include instanceof interface internal is lambda let local ' +
    'loop match mod move mut namespace new nil none nonlocal not null of operator or override ' +
    'package pass private protected pub public raise readonly rec ref require rescue return sealed select self ' +
    'static struct super switch then this throw throws trait true try type typedef typeof unless unsafe ' +
    'until use using val var virtual void volatile when while with yield None True False'
  ).split(' '),
);

const HASH = new Set([
  'Python', 'Ruby', 'Bash', 'YAML', 'TOML', 'Dockerfile', 'Elixir', 'PowerShell', 'Make', 'Perl', 'R', 'Nix', 'HCL', 'GraphQL',
]);
const DASHES = new Set(['SQL', 'Lua', 'Haskell']);
const PLAIN = new Set(['Markdown', 'JSON', 'HTML', 'XML', 'Text']);
// Words of these are names and values, whatever they mean in programs.
const DATA = new Set(['YAML', 'TOML', 'JSON', 'HTML', 'XML', 'CSS', 'Text']);
const VALUES = new Set(['true', 'false', 'null', 'yes', 'no']);
const CHARS_MAX = 1_000;

const PIECES =
  /(\/\/.*|\/\*.*?(?:\*\/|$)|^\s*\*(?:\s.*|\/)?$)|(#.*)|(--.*)|("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`(?:\\.|[^`\\])*`?)|(\b\d[\w.]*)|([A-Za-z_$][\w$]*)/g;

/** Cuts a line into tokens. */
export function tokens(text: string, language: string | undefined): Token[] {
  if (!language || language === 'Markdown' || text.length > CHARS_MAX) return [{ kind: '', text }];
  const found: Token[] = [];
  let at = 0;
  const put = (kind: Token['kind'], from: number, to: number) => {
    if (from > at) found.push({ kind: '', text: text.slice(at, from) });
    found.push({ kind, text: text.slice(from, to) });
    at = to;
  };
  PIECES.lastIndex = 0;
  for (let match = PIECES.exec(text); match; match = PIECES.exec(text)) {
    const [all, slashes, hash, dashes, string, number, word] = match;
    const to = match.index + all.length;
    if (hash !== undefined) {
      if (HASH.has(language) || language === 'PHP') put('c', match.index, to);
      else PIECES.lastIndex = match.index + 1;
    } else if (dashes !== undefined) {
      if (DASHES.has(language)) put('c', match.index, to);
      else PIECES.lastIndex = match.index + 2;
    } else if (slashes !== undefined) {
      if (!HASH.has(language) && !DASHES.has(language) && !PLAIN.has(language)) put('c', match.index, to);
      else PIECES.lastIndex = match.index + 1;
    } else if (string !== undefined) {
      // A quote may stand alone, as before a lifetime of Rust.
      const isLifetime = language === 'Rust' && string[0] === "'" && !/^'(\\.*|.)'$/u.test(string);
      if (!isLifetime && string.length > 1 && string.at(-1) === string[0]) put('s', match.index, to);
      else PIECES.lastIndex = match.index + 1;
    } else if (number !== undefined) {
      put('n', match.index, to);
    } else if (word !== undefined) {
      if (DATA.has(language)) {
        if (VALUES.has(word)) put('k', match.index, to);
      } else if (KEYWORDS.has(word) || (language === 'SQL' && KEYWORDS.has(word.toLowerCase()))) put('k', match.index, to);
      else if (/^[A-Z][a-z]/.test(word)) put('t', match.index, to);
    }
  }
  if (at < text.length) found.push({ kind: '', text: text.slice(at) });
  return found;
}

/** A part of a line as it is shown. */
export interface Piece {
  kind: Token['kind'];
  text: string;
  isMarked: boolean;
}

/** Cuts a line into tokens, and these where a mark begins and ends. */
export function pieces(text: string, language: string | undefined, mark: [number, number] | null = null): Piece[] {
  const found = tokens(text, language);
  if (!mark || mark[0] === mark[1]) return found.map(({ kind, text }) => ({ kind, text, isMarked: false }));
  const cut: Piece[] = [];
  let at = 0;
  for (const token of found) {
    const end = at + token.text.length;
    const edges = [at, ...mark.filter((edge) => edge > at && edge < end), end];
    for (let index = 0; index + 1 < edges.length; index++) {
      const [from, to] = [edges[index]!, edges[index + 1]!];
      cut.push({ kind: token.kind, text: text.slice(from, to), isMarked: from >= mark[0] && to <= mark[1] });
    }
    at = end;
  }
  return cut;
}

/**
 * Puts a line of code in colours into an element. It is done by hand: thousands of lines come and go while
 * somebody scrolls, and nothing of a line changes by itself.
 */
export function fill(element: Element, text: string, language: string | undefined, mark: [number, number] | null = null, markClass = ''): void {
  const nodes = pieces(text, language, mark).map((piece) => {
    if (!piece.kind && !piece.isMarked) return piece.text;
    const span = document.createElement('span');
    span.className = `${piece.kind && `tok-${piece.kind}`} ${piece.isMarked ? markClass : ''}`.trim();
    span.textContent = piece.text;
    return span;
  });
  element.replaceChildren(...nodes);
}
