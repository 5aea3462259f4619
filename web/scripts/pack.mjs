// Packs what was built with Brotli and gzip, so that the server need not, and says how much script a
// first load takes; fails when that is more than is allowed.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const FOLDER = new URL('../dist/app', import.meta.url).pathname;
const FIRST_LOAD_BYTES_MAX = 250_000;
const PACKED = /\.(js|css|svg|json|webmanifest|txt)$/;

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const sizes = new Map();
for (const path of files(FOLDER)) {
  if (!PACKED.test(path)) continue;
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const gzip = gzipSync(bytes, { level: 9 });
  if (brotli.length < bytes.length) writeFileSync(`${path}.br`, brotli);
  if (gzip.length < bytes.length) writeFileSync(`${path}.gz`, gzip);
  sizes.set(path, gzip.length);
}

const index = readFileSync(join(FOLDER, 'index.html'), 'utf8');
const first = [...index.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map((match) => join(FOLDER, match[1]));
const total = first.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
const all = [...sizes].filter(([path]) => path.endsWith('.js')).reduce((sum, [, bytes]) => sum + bytes, 0);
console.log(`first load: ${total} bytes of script, gzip; all script: ${all}`);
if (total > FIRST_LOAD_BYTES_MAX) {
  console.error(`the first load has more than ${FIRST_LOAD_BYTES_MAX} bytes of script`);
  process.exit(1);
}
