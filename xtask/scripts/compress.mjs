// node compress.mjs FOLDER QUALITY: writes FILE.br and FILE.gz beside every file that gets smaller by it, so that the
// server never compresses while somebody waits. Fonts are compressed already.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const [folder, quality] = process.argv.slice(2);
const compressible = /\.(css|html|ico|js|json|map|svg|txt|wasm|webmanifest|xml)$/;

const compress = async (path) => {
  const content = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: Number(quality),
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const variants = {
    br: promisify(brotliCompress)(content, { params }),
    gz: promisify(gzip)(content, { level: Math.min(Number(quality), 9) }),
  };
  for (const [extension, compressed] of Object.entries(variants)) {
    const smaller = await compressed;
    if (smaller.length < content.length) await writeFile(`${path}.${extension}`, smaller);
  }
};

const entries = await readdir(folder, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && compressible.test(entry.name));
await Promise.all(files.map((file) => compress(join(file.parentPath, file.name))));
