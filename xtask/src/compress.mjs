// Usage: node compress.mjs DIRECTORY
//
// Writes a .br and a .gz beside each file below the directory that they make notably smaller, and
// prints what a browser downloads. The server sends these files instead of compressing on each
// request. In JavaScript, because Node brings both compressors and xtask compiles without them.

import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [root] = process.argv.slice(2);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

for (const name of readdirSync(root, { recursive: true }).sort()) {
  const path = join(root, name);
  if (!statSync(path).isFile()) continue;

  const plain = readFileSync(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    // Small blocks follow the changes between code and data.
    [constants.BROTLI_PARAM_LGBLOCK]: constants.BROTLI_MIN_INPUT_BLOCK_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const brotli = brotliCompressSync(plain, { params });
  // Images and fonts are compressed already; a second time saves nothing worth a file.
  if (brotli.length > 0.9 * plain.length) continue;

  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }));
  console.log(`${kilobytes(plain.length)} ${kilobytes(brotli.length)} brotli  ${name}`);
}
